import { isBareId } from '../address/guid.js';
import { sshPort } from '../address/port.js';
import { checkUserName } from '../address/user-name.js';
import { ConnectError } from '../errors.js';
import { kindOf } from '../kinds/kinds.js';
import { asTarget } from '../kinds/parse.js';
import { splitLogin } from './login.js';
import type { ListedTarget } from './short-name.js';

/** The environment and the system in which a name is looked up. */
interface Here {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

/** What was typed for a machine, understood. */
export interface FoundTarget {
  /** What `parseTarget` understands. */
  readonly text: string;
  /** Who logs in: as it was typed, else as the machine's manager has it. */
  readonly user: string | undefined;
  /** As it was typed, in an ssh:// form. */
  readonly port: string | undefined;
  /** The machine that a name was looked up for. */
  readonly machine: ListedTarget['machine'];
}

/** The target that is meant by NAME or by a target, with who is listed behind it; `signal` ends the search. */
export async function lookUp(
  typed: string,
  { env, platform }: Here,
  signal?: AbortSignal,
): Promise<ListedTarget> {
  const { resolveShortName } = await import('./short-name.js');
  return resolveShortName(typed, { env, platform, signal });
}

/** The target of `[user@]TARGET`, `[user@]NAME` or `ssh://…`; only a name is looked up. Throws a ConnectError. */
export async function findTarget(
  typed: string,
  { env, platform }: Here,
  signal?: AbortSignal,
): Promise<FoundTarget> {
  const { user, host, port } = splitLogin(typed);
  checkUser(user, typed);
  if (isTarget(host, platform)) return { text: host, user, port, machine: undefined };
  const { text, machine } = await lookUp(host, { env, platform }, signal);
  return { text, user: user ?? machine?.user, port, machine };
}

function checkUser(user: string | undefined, typed: string): void {
  try {
    if (user !== undefined) checkUserName(user);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConnectError('parse', typed, { code: 'USAGE', problem: error.message });
  }
}

/** Words for a port that was given for nothing: a socket in the file system has one server. */
export function portNote(text: string, port: number): string | undefined {
  const target = asTarget(text);
  if (port === sshPort || target === undefined || kindOf(target).takesPort) return undefined;
  return `port ${port} is not used: the target has one server`;
}

// A bare UUID is Hyper-V's on Windows; elsewhere it may be any machine's.
function isTarget(text: string, platform: NodeJS.Platform): boolean {
  // A mistake is the search's to report.
  return asTarget(text) !== undefined && (platform === 'win32' || !isBareId(text));
}
