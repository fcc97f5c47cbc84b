import type { Env } from '../base/runtime.js';
import type { Meant } from '../guest/script.js';
import { splitUser } from '../reach/login.js';
import type { RootExec } from '../sources/source.js';
import { typedHost } from '../typed/names.js';
import type { RouteName } from '../typed/route.js';

/** How a script gets into a machine, and runs there. */
export type Entry = LoginEntry | WslEntry | ManagerEntry;
/** A way in by ssh, which logs in as an account. */
export type LoginEntry = SshEntry | TargetEntry;
/** A way in by the machine's manager, which goes in as root, without a login. */
export type ManagerEntry = ByManager & RootExec;

interface CommonEntry {
  /** [user@]HOST or [user@]TARGET, in messages too. */
  readonly host: string;
  /** A configuration file for ssh in place of the user's, for a login that follows too. */
  readonly sshConfig?: string | undefined;
  /** The environment of what goes in; undefined: this process's. */
  readonly env?: Env;
}

interface OverSsh extends CommonEntry {
  /** The socket of an ssh that has logged in already. */
  readonly control?: string;
}

/** By ssh to HOST: all is as the user's configuration says, including the host key. */
export interface SshEntry extends OverSsh {
  readonly by: 'ssh';
  /** ssh and its first options; undefined: `sshProgram`. */
  readonly ssh?: readonly string[];
  /** More of ssh's settings. */
  readonly settings?: readonly string[];
  /** A target that should be HOST, over which ssh goes there; `port` undefined: ssh's own. */
  readonly through?: { readonly target: string; readonly port: number | undefined };
}

/** By ssh to a target, over vmssh's own proxy, as `vmssh ssh` does. */
export interface TargetEntry extends OverSsh {
  readonly by: 'target';
  readonly port?: number;
  /** What was typed for the target, so that the user's own Host of that name counts; undefined: a form of the target. */
  readonly typed?: string | undefined;
  /** The only routes to try, in this order. */
  readonly routes?: readonly RouteName[] | undefined;
  readonly identityFile?: string | undefined;
  /** The name by which an ssh that asks vmssh looks the key up. Undefined: the target. */
  readonly lookedUp?: string | undefined;
  /** The file with the only host key that is right, and the name that it has there. */
  readonly onlyKey?: { readonly knownHosts: string; readonly hostKeyAlias: string };
  /** The proxy brings an sshd, and is called like this. */
  readonly bringing?: {
    readonly program: readonly string[];
    readonly fdpass: boolean;
    readonly namesUser: boolean;
  };
}

/** Into a distribution of this Windows, as root. */
export interface WslEntry extends CommonEntry {
  readonly by: 'wsl';
}

/** The environment is that of the manager's list: without another user's folders, and without programs that another user could replace. */
interface ByManager extends CommonEntry {
  /** The machine, if its manager may be mistaken. */
  readonly meant?: Meant | undefined;
  /** sudo starts the manager's program, and may ask on this terminal, or not. Undefined: without sudo. */
  readonly asks?: boolean;
}

/** The way in by a login of an account, whatever the user's lines lead to. */
export function loginAs(user: string, target: string, typed: string | undefined): TargetEntry {
  return { by: 'target', host: `${user}@${target}`, typed: typed && typedHost(typed) };
}

/** The first login's account, over the target; with ssh's settings for the host if ssh was the way in. */
export function overTarget(
  entry: Entry,
  account: string | undefined,
  target: string,
  port: number | undefined,
): LoginEntry {
  const { user: typed, host } = splitUser(entry.host);
  const user = account ?? typed;
  if (entry.by === 'ssh')
    return { ...entry, host: user === undefined ? host : `${user}@${host}`, through: { target, port } };
  const own = { by: 'target', host: `${user ?? 'root'}@${target}`, sshConfig: entry.sshConfig } as const;
  return port === undefined ? own : { ...own, port };
}

export function isBySsh(entry: Entry): entry is LoginEntry {
  return entry.by === 'ssh' || entry.by === 'target';
}

/** The words in front of a program that runs there, for a fix that can be pasted here. */
export function execOf(entry: Entry): readonly string[] | undefined {
  return entry.by === 'exec' ? entry.command : undefined;
}

export function isBySudo(entry: Entry | undefined): boolean {
  return entry?.by === 'exec' && entry.asks !== undefined;
}
