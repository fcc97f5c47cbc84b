import { sshPort } from '../address/port.js';
import { checkUserName } from '../address/user-name.js';
import { ConnectError } from '../errors.js';
import type { NamedTarget } from '../resolve/short-name.js';
import { splitLogin } from '../target/login.js';
import { asTarget } from '../target/parse.js';
import type { Io } from './command.js';

/** What was typed for a machine, understood. */
export interface FoundTarget {
  /** What `parseTarget` understands. */
  readonly text: string;
  /** Who logs in: as it was typed, else as the machine's manager has it. */
  readonly user: string | undefined;
  /** As it was typed, in an ssh:// form. */
  readonly port: string | undefined;
  /** The machine that a name was looked up for. */
  readonly machine: NamedTarget['machine'];
}

/** The target that is meant by NAME or by a target, with who is listed behind it; `signal` ends the search. */
export async function lookUp(typed: string, io: Io, signal?: AbortSignal): Promise<NamedTarget> {
  const { resolveShortName } = await import('../resolve/short-name.js');
  return resolveShortName(typed, { env: io.env, platform: io.platform, signal });
}

/** The target of `[user@]TARGET`, `[user@]NAME` or `ssh://…`; only a name is looked up. Throws a ConnectError. */
export async function findTarget(typed: string, io: Io, signal?: AbortSignal): Promise<FoundTarget> {
  const { user, host, port } = splitLogin(typed);
  checkUser(user, typed);
  if (isTarget(host, io.platform)) return { text: host, user, port, machine: undefined };
  const { text, machine } = await lookUp(host, io, signal);
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
  const kind = asTarget(text)?.kind;
  if (port === sshPort || (kind !== 'unix' && kind !== 'container')) return undefined;
  return `port ${port} plays no part: the socket has one server`;
}

// A bare UUID is Hyper-V's on Windows; elsewhere it may be any machine's.
function isTarget(text: string, platform: NodeJS.Platform): boolean {
  const target = asTarget(text);
  if (target === undefined) return false; // a mistake is the search's to tell
  return target.kind !== 'hyper-v' || platform === 'win32' || /^hyper-v/i.test(text);
}
