import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextIfAny } from '../../files/read-sync.js';
import type { Deps } from '../source.js';

/** An account's line in the user database; "" if there is none, undefined if the database could not be asked. */
type FindAccount = (uid: number, deps: Deps) => Promise<string | undefined>;

/**
 * Whether a uid is a system user's, and no person's: all below UID_MIN of login.defs(5), and above UID_MAX services,
 * such as Debian's libvirt-qemu, DynamicUser= and Firecracker's jailer.
 */
export async function isSystemUser(
  uid: number,
  deps: Deps,
  findAccount: FindAccount = accountLine,
): Promise<boolean> {
  const { systemMax, peopleMax } = uidRanges(deps);
  if (uid <= systemMax) return true;
  // https://systemd.io/UIDS-GIDS/: below are users of systemd-homed, those that it maps into containers, and greeters.
  if (uid <= peopleMax || !(uid > 60_705 && uid < 65_520)) return false;
  // There are people too: the user database shows who can log in.
  const account = await findAccount(uid, deps);
  return account === '' || /:[^:\n]*\/(nologin|false)$/.test(account ?? '');
}

function uidRanges({ etcDir = '/etc' }: Deps): { systemMax: number; peopleMax: number } {
  const text = readTextIfAny(`${etcDir}/login.defs`);
  const numberOf = (name: string) => {
    const value = Number(new RegExp(`^\\s*${name}\\s+(\\w+)`, 'm').exec(text)?.[1] ?? Number.NaN);
    return value > 0 ? value : undefined;
  };
  const peopleMin = numberOf('UID_MIN') ?? 1000;
  const systemMax = Math.min(numberOf('SYS_UID_MAX') ?? peopleMin - 1, peopleMin - 1);
  return { systemMax, peopleMax: numberOf('UID_MAX') ?? 60_000 };
}

/** Asks all of NSS, as login does: getent(1) exits with 2 if no account has the uid. */
export const accountLine: FindAccount = async (uid, { env, signal }) => {
  const { runProgram } = await import('../../process/run-program.js');
  const options = { env, signal, timeoutMs: 2000 };
  const end = await runProgram(['getent', 'passwd', String(uid)], options).catch(() => undefined);
  if (end?.code === 2) return '';
  return end?.code === 0 ? end.stdout.trim() : undefined;
};

/**
 * Whether a process may run a set-user-ID program, as sudo while it asks for a password: its caller chose the arguments. What cannot be
 * known counts as one.
 */
export async function mayBeSetUserId(folder: string, uid: number | undefined): Promise<boolean> {
  try {
    return ((await stat(`${folder}/exe`)).mode & 0o6000) !== 0;
  } catch {
    // Then who logged in decides (proc_pid_loginuid(5)). Of nobody's login is also what a login starts where none leaves its uid, as
    // in many containers: our own shows whether they do.
    const login = loginOf(folder);
    return login === undefined
      ? loginOf(join(folder, '../self')) === undefined
      : !['0', String(uid)].includes(login);
  }
}

/** Undefined if no login started the process, or the kernel does not say. */
function loginOf(folder: string): string | undefined {
  const login = readTextIfAny(`${folder}/loginuid`).trim();
  return ['', '4294967295'].includes(login) ? undefined : login;
}

/** The machines that this user or a system user has registered. */
export async function withoutStrangers<M extends { readonly uid?: number }>(
  machines: readonly M[],
  deps: Deps,
): Promise<readonly M[]> {
  const own = process.getuid?.();
  const strangers = new Set<number>();
  for (const uid of new Set(machines.map((machine) => machine.uid)))
    if (uid !== undefined && uid !== own && !(await isSystemUser(uid, deps))) strangers.add(uid);
  return machines.filter(({ uid }) => uid === undefined || !strangers.has(uid));
}
