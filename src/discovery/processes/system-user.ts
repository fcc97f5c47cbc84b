import { readTextSync } from '../../files/read-file.js';
import { runProgram } from '../../process/run-program.js';
import type { Deps } from '../provider.js';

/** An account's line in the user database; "" if there is none, undefined if the database could not be asked. */
export type FindAccount = (uid: number, deps: Pick<Deps, 'env' | 'signal'>) => Promise<string | undefined>;

/**
 * Whether a uid is a system user's, so that no person runs processes with it. All below UID_MIN of login.defs(5) are.
 * Above UID_MAX are services, such as Debian's libvirt-qemu, DynamicUser= and Firecracker's jailer, but also people of
 * systemd-homed and of network directories: the user database shows who can log in.
 */
export async function isSystemUser(
  uid: number,
  deps: Pick<Deps, 'env' | 'etcDir' | 'signal'>,
  findAccount: FindAccount = accountLine,
): Promise<boolean> {
  const { systemMax, peopleMax } = uidRanges(deps);
  if (uid <= systemMax) return true;
  if (uid <= peopleMax || !isForServices(uid)) return false;
  const account = await findAccount(uid, deps);
  return account === '' || /:[^:\n]*\/(nologin|false)$/.test(account ?? '');
}

// https://systemd.io/UIDS-GIDS/: below are users of systemd-homed, those that it maps into containers, and greeters.
function isForServices(uid: number): boolean {
  return uid > 60_705 && uid < 65_520;
}

function uidRanges({ etcDir = '/etc' }: Pick<Deps, 'etcDir'>): { systemMax: number; peopleMax: number } {
  const text = read(`${etcDir}/login.defs`);
  const numberOf = (name: string) => {
    const value = Number(new RegExp(`^\\s*${name}\\s+(\\w+)`, 'm').exec(text)?.[1] ?? Number.NaN);
    return value > 0 ? value : undefined;
  };
  const peopleMin = numberOf('UID_MIN') ?? 1000;
  const systemMax = Math.min(numberOf('SYS_UID_MAX') ?? peopleMin - 1, peopleMin - 1);
  return { systemMax, peopleMax: numberOf('UID_MAX') ?? 60_000 };
}

function read(path: string): string {
  try {
    return readTextSync(path);
  } catch {
    return '';
  }
}

/** Asks all of NSS, as login does: getent(1) exits with 2 if no account has the uid. */
export const accountLine: FindAccount = async (uid, { env, signal }) => {
  const options = { env, signal, timeoutMs: 2000 };
  const end = await runProgram(['getent', 'passwd', String(uid)], options).catch(() => undefined);
  if (end?.code === 2) return '';
  return end?.code === 0 ? end.stdout.trim() : undefined;
};
