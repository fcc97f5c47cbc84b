import { existsSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Env } from '../base/runtime.js';

/** The path of a folder, of a file or of unix://PATH; "" for an address on a network, which is nobody's here. */
export function pathIn(value: string): string {
  return socketIn(value) ?? (/^\w+:\/\//.test(value) ? '' : value);
}

/** The path in "unix:///run/docker.sock"; undefined for another address. */
export function socketIn(address: string): string | undefined {
  return /^unix:(?:\/\/)?(\/.*)$/s.exec(address)?.[1];
}

/** Whether a path is a user's own, or root's if that may be, and nobody else can replace it. A missing one is as its folder is. */
export function isOwnPath(path: string, uid: number, mayBeRoots: boolean): boolean {
  try {
    const real = realpathSync(path);
    const stats = lstatSync(real);
    if (stats.uid !== uid && !(mayBeRoots && stats.uid === 0)) return false;
    return !isOpen(stats) && isKept(path, real, uid);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const parent = dirname(resolve(path));
    return code === 'ENOENT' && parent !== path && isOwnPath(parent, uid, true);
  }
}

/** Whether a path is a folder of a user's own, and for nobody else, as XDG_RUNTIME_DIR has to be. Not a link. */
export function isPrivateFolder(path: string, uid: number): boolean {
  try {
    const { uid: owner, mode } = lstatSync(path);
    return owner === uid && (mode & 0o170077) === 0o040000 && areKept(dirname(path), uid);
  } catch {
    return false;
  }
}

/** Whether a folder for temporary files is one in which others cannot replace what this user made: sticky, or for this user only. */
export function isSafeTemp(path: string, uid: number): boolean {
  try {
    return isKept(path, `${realpathSync(path)}/.`, uid);
  } catch {
    return false;
  }
}

/** Whoever can replace a link on the way chooses what is at its end. */
function isKept(path: string, real: string, uid: number): boolean {
  return areKept(dirname(real), uid) && (path === real || areKept(resolve(path), uid));
}

/** The runtime folder of a user whom no login gave one, as in cron or after `su -`: the one that systemd makes. Undefined: there is none of that user's. */
export function runtimeFolderOf(
  { XDG_RUNTIME_DIR: given }: Env,
  uid: number,
  above = '/run/user',
): string | undefined {
  if (given && isOwnPath(given, uid, false)) return given;
  const folder = `${above}/${uid}`;
  return isPrivateFolder(folder, uid) ? folder : given;
}

/** A folder and those above it. In a sticky one users can only replace their own files. In a user namespace root may appear as nobody. */
function areKept(folder: string, uid: number): boolean {
  const stats = lstatSync(folder);
  if (![uid, 0, 65_534].includes(stats.uid) || (isOpen(stats) && (stats.mode & 0o1000) === 0)) return false;
  const parent = dirname(folder);
  return parent === folder || areKept(parent, uid);
}

/** The folder on a path in which any user can add and replace what is there; undefined: there is none. In a sticky one only users' own files can be. */
export function openFolder(path: string): string | undefined {
  const stats = existsSync(path) ? statSync(path) : undefined;
  if (stats && isOpen(stats) && (stats.mode & 0o1000) === 0) return path;
  const parent = dirname(path);
  return parent === path ? undefined : openFolder(parent);
}

function isOpen({ mode }: { readonly mode: number }): boolean {
  return (mode & 0o170000) === 0o040000 && (mode & 0o002) !== 0;
}

/** An id that all paths of one file have; undefined if this user may not look at the file. */
export function idOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}

/** The folder of a user's settings: XDG_CONFIG_HOME if it is absolute, and not another user's. */
export function configFolder(env: Env, home: string, uid = process.getuid?.()): string {
  const { XDG_CONFIG_HOME: own = '' } = env;
  const counts = isAbsolute(own) && (uid === undefined || isOwnPath(own, uid, true));
  return counts ? own : join(home, '.config');
}

/** The folder for what programs remember, of an `ownEnv`: XDG_STATE_HOME if it is absolute; relative if both are empty. */
export function stateHome({ XDG_STATE_HOME: own = '' }: Env, home: string): string {
  return isAbsolute(own) ? own : join(home, '.local/state');
}

/** Where Homebrew (on both sorts of Macs), Podman's installer and MacPorts put programs. */
const onMac: readonly string[] = ['/opt/homebrew/bin', '/usr/local/bin', '/opt/podman/bin', '/opt/local/bin'];

/** The environment in which tools are looked up. A program that was not started from a shell has none of these folders in PATH on a Mac. */
export function withToolFolders(env: Env, platform: NodeJS.Platform = process.platform): Env {
  if (platform !== 'darwin') return env;
  const folders = (env.PATH ?? '/usr/bin:/bin:/usr/sbin:/sbin').split(delimiter);
  return { ...env, PATH: [...new Set([...folders, ...onMac])].join(delimiter) };
}

/** The service manager that runs a machine. */
export type Scope = 'user' | 'system';

type RuntimeDir = { readonly scope: Scope; readonly path: string };

/** The folders of services' sockets, in the order to ask. `ownEnv` has already removed another user's. */
export function runtimeDirs(of: { readonly env: Env; readonly runDir?: string }): readonly RuntimeDir[] {
  const { env, runDir = '/run' } = of;
  const user = env.XDG_RUNTIME_DIR;
  const system: RuntimeDir = { scope: 'system', path: runDir };
  return user?.startsWith('/') ? [{ scope: 'user', path: user }, system] : [system];
}

/** Whose word a name, UUID and CID are. "other": another user's, a cluster's, a container's; undefined: root's, the system's. */
export type Authority = 'user' | 'other';

/** The authority of a uid that is this user's or the system's; by default that of this user's own manager. */
export function authorityOf(
  uid: number | undefined = process.getuid?.(),
  own: number | undefined = process.getuid?.(),
): Authority | undefined {
  return uid !== undefined && uid !== 0 && uid === own ? 'user' : undefined;
}

export function authorityIn(scope: Scope): Authority | undefined {
  return scope === 'user' ? authorityOf() : undefined;
}
