import { lstatSync, realpathSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Deps } from './provider.js';

type Env = Deps['env'];

/**
 * The environment without folders and sockets that another user has made or can replace: after `su` or `sudo -E` it is
 * still the previous user's. The runtime folder must be this user's own
 * (https://specifications.freedesktop.org/basedir-spec/latest/), the others may be root's.
 */
export function ownEnv(env: Env, uid = process.getuid?.()): Env {
  if (uid === undefined) return env;
  const isOwn = ([name, mayBeRoots]: readonly [string, boolean]) => {
    const path = pathIn(env[name] ?? '');
    return path === '' || isOwnPath(path, uid, mayBeRoots);
  };
  const foreign = variables.filter((each) => !isOwn(each)).map(([name]) => [name, undefined]);
  return foreign.length === 0 ? env : { ...env, ...Object.fromEntries(foreign) };
}

/** What of a shell's environment decides what is found and where it is kept, and the user's systemd does not set by itself. */
export function shellVariables(): readonly string[] {
  const names = variables.map(([name]) => name).filter((name) => !['HOME', 'XDG_RUNTIME_DIR'].includes(name));
  return ['PATH', 'DOCKER_CONTEXT', ...names];
}

/** The variables for folders and sockets that vmssh or its tools trust; and whether root may own each. */
const variables: readonly (readonly [string, boolean])[] = [
  ['XDG_RUNTIME_DIR', false],
  ['HOME', true],
  ['XDG_CONFIG_HOME', true],
  ['XDG_DATA_HOME', true],
  ['XDG_STATE_HOME', true],
  ['LIMA_HOME', true],
  ['INCUS_CONF', true],
  ['INCUS_DIR', true],
  ['INCUS_SOCKET', true],
  ['LXD_DIR', true],
  ['DOCKER_HOST', true],
  ['DOCKER_CONFIG', true],
  ['CONTAINER_HOST', true],
  ['CONTAINERS_CONF', true],
  ['CONTAINERS_STORAGE_CONF', true],
  ['KUBECONFIG', true],
];

/** The path of a folder, of a file or of unix://PATH; "" for an address on a network, which is nobody's here. */
function pathIn(value: string): string {
  return socketIn(value) ?? (/^\w+:\/\//.test(value) ? '' : value);
}

/** The path in "unix:///run/docker.sock"; undefined for another address. */
export function socketIn(address: string): string | undefined {
  return /^unix:(?:\/\/)?(\/.*)$/s.exec(address)?.[1];
}

/**
 * Whether a path is a user's own, or root's if that may be, and nobody else can replace it. A missing one counts as owned by
 * the owner of the folder it would be in.
 */
export function isOwnPath(path: string, uid: number, mayBeRoots: boolean): boolean {
  try {
    const real = realpathSync(path);
    const { uid: owner } = lstatSync(real);
    if (owner !== uid && !(mayBeRoots && owner === 0)) return false;
    return !isOpen(real) && above(real).every((each) => isKept(each, uid));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const parent = dirname(resolve(path));
    return code === 'ENOENT' && parent !== path && isOwnPath(parent, uid, true);
  }
}

function above(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...above(folder)];
}

// In a sticky folder users can only replace their own files. In a user namespace root may appear as nobody.
function isKept(folder: string, uid: number): boolean {
  const { uid: owner, mode } = lstatSync(folder);
  return [uid, 0, 65_534].includes(owner) && (!isOpen(folder) || (mode & 0o1000) !== 0);
}

function isOpen(path: string): boolean {
  const stats = lstatSync(path);
  return stats.isDirectory() && (stats.mode & 0o002) !== 0;
}

/**
 * The folder of a user's settings. XDG_CONFIG_HOME counts if it is absolute, as its specification has it, and not another
 * user's (https://specifications.freedesktop.org/basedir-spec/latest/).
 */
export function configFolder(env: Deps['env'], home: string, uid = process.getuid?.()): string {
  const { XDG_CONFIG_HOME = '' } = ownEnv(env, uid);
  return isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : join(home, '.config');
}

/** Where Homebrew (on both sorts of Macs), Podman's installer and MacPorts put programs. */
const onMac: readonly string[] = ['/opt/homebrew/bin', '/usr/local/bin', '/opt/podman/bin', '/opt/local/bin'];

/** The environment in which tools are looked up. A program that was not started from a shell has none of these folders in PATH on a Mac. */
export function withToolFolders(env: Deps['env'], platform: NodeJS.Platform = process.platform): Deps['env'] {
  if (platform !== 'darwin') return env;
  const folders = (env.PATH ?? '/usr/bin:/bin:/usr/sbin:/sbin').split(delimiter);
  return { ...env, PATH: [...new Set([...folders, ...onMac])].join(delimiter) };
}
