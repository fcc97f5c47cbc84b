import { ConnectError } from '../errors.js';
import { asTarget, type TypedTarget } from '../kinds/parse.js';
import type { Env } from '../runtime.js';
import type { AllMachines } from '../sources/list-all.js';
import { isBareId } from '../target/guid.js';
import { checkUserName } from '../target/names.js';
import { splitLogin } from './login.js';
import type { ListedTarget } from './short-name.js';

interface Here {
  readonly env: Env;
  readonly platform: NodeJS.Platform;
}

export interface FoundTarget extends TypedTarget {
  /** The login user: as typed, else from the machine's manager. */
  readonly user: string | undefined;
  /** As typed, in an ssh:// form. */
  readonly port: string | undefined;
  readonly machine: ListedTarget['machine'];
}

/** Finds the target for NAME or a target, with the listed machine it leads to. `seen` gets all machines, if all were looked for. */
export async function lookUp(
  typed: string,
  { env, platform }: Here,
  signal?: AbortSignal,
  seen?: (all: AllMachines) => void,
): Promise<ListedTarget> {
  const { resolveShortName } = await import('./short-name.js');
  const found = await resolveShortName(typed, { env, platform, signal, seen });
  if (found.target.kind !== 'via') return found;
  const { writtenMachine } = await import('../ssh/config/names.js');
  return { ...found, machine: await writtenMachine(found.target, { env }) };
}

/** The target of `[user@]TARGET`, `[user@]NAME` or `ssh://…`; only a name is looked up. Throws a ConnectError. */
export async function findTarget(
  typed: string,
  { env, platform }: Here,
  signal?: AbortSignal,
): Promise<FoundTarget> {
  const { user, host, port } = splitLogin(typed);
  checkUser(user, typed);
  // The search reports mistakes. A bare UUID is a Hyper-V machine's on Windows; elsewhere it can be any machine's.
  const address = platform === 'win32' || !isBareId(host) ? asTarget(host) : undefined;
  if (address) return { text: host, target: address, user, port, machine: undefined };
  const { text, target, machine } = await lookUp(host, { env, platform }, signal);
  return { text, target, user: user ?? machine?.user, port, machine };
}

function checkUser(user: string | undefined, typed: string): void {
  try {
    if (user !== undefined) checkUserName(user);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConnectError('parse', typed, { code: 'USAGE', problem: error.message });
  }
}
