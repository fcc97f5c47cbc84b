import { closeSync, constants, openSync, realpathSync, type Stats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { loadAddon } from '../../base/native.js';
import { fileId } from '../../files/read-file.js';
import { readTextIfAny, readTextSync } from '../../files/read-sync.js';
import { fitsSocket } from '../../typed/names.js';
import { type Deps, DiscoveryError, type Process } from '../source.js';
import { type Authority, idOf } from '../trusted-path.js';
import { hasProc, nodeFs, procDir } from './processes.js';

/** Translates another process's path into one for this process. Rejects with LINK, FOREIGN. */
export type FindPath = (path: string) => Promise<string>;

/** Finds a process's files: by the kernel's link to its root where another user's file may be at the same path here. */
export async function pathsOf(
  { pid, authority }: { readonly pid: number; readonly authority?: Authority },
  deps: Deps,
): Promise<FindPath> {
  const own = `${procDir(deps)}/${pid}`;
  const [cwd, root = '/', mounts, ours] = await Promise.all(
    [`${own}/cwd`, `${own}/root`, `${own}/ns/mnt`, `${procDir(deps)}/self/ns/mnt`].map((link) =>
      nodeFs.readlink(link).catch(() => undefined),
    ),
  );
  // If its namespace cannot be seen, the path is used as it is.
  const isElsewhere =
    authority === 'other' || (mounts !== undefined && ours !== undefined && mounts !== ours);
  const from = isElsewhere ? `${own}/root` : root;
  const folder = cwd === undefined ? `${own}/cwd` : withoutRoot(cwd, root);
  const inside = (path: string) => (isAbsolute(path) ? path : join(folder, path));
  // In a deep folder a relative path is the only one that fits a socket.
  const isNear = (path: string) => isAbsolute(path) || fitsSocket(inside(path));
  const here = (path: string) => (isNear(path) ? inside(path) : `${own}/cwd/${path}`);
  return async (path) => (from === '/' ? here(path) : pathInRoot(from, inside(path)));
}

/** An id of the file that a process means by a path: in containers, two processes may have different paths for one file. */
export async function fileIdentity(find: FindPath, path: string): Promise<string> {
  const here = await find(path).catch(() => path);
  return (await fileId(here)) ?? here;
}

/** The path of a file in another root, with links resolved: an absolute one would lead out of it. Rejects with LINK. */
export async function pathInRoot(root: string, path: string): Promise<string> {
  let done: readonly string[] = [];
  let left = path.split('/');
  for (let links = 0; left.length > 0; ) {
    const [part = '', ...rest] = left;
    left = rest;
    if (part === '..') done = done.slice(0, -1);
    if (part === '' || part === '.' || part === '..') continue;
    const to = await nodeFs.readlink(join(root, ...done, part)).catch(() => undefined);
    if (to === undefined) done = [...done, part];
    else {
      if (++links > maxLinks) throw new DiscoveryError('LINK', `${path} is a loop of symbolic links`);
      if (isAbsolute(to)) done = [];
      left = [...to.split('/'), ...left];
    }
  }
  return join(root, ...done);
}

/** The kernel's own limit (path_resolution(7)). */
const maxLinks = 40;

function withoutRoot(path: string, root: string): string {
  if (root === '/' || !`${path}/`.startsWith(`${root}/`)) return path;
  return path.slice(root.length) || '/';
}

/** `find` for sockets of this process: rejects with FOREIGN if one belongs neither to its user nor to root nor to us. */
export function ownSocket(
  find: FindPath,
  { uid }: { readonly uid: number },
  look: (path: string) => Promise<{ readonly uid: number }> = stat,
  own: number | undefined = process.getuid?.(),
): FindPath {
  return async (path) => {
    const here = await find(path);
    // What cannot be examined is left for the connect to check.
    const stats = await look(here).catch(() => undefined);
    if (stats === undefined || [uid, 0, own].includes(stats.uid)) return here;
    const problem = `the socket ${here} belongs to user ${stats.uid}, and its process to user ${uid}`;
    throw new DiscoveryError('FOREIGN', problem);
  };
}

/**
 * `ownSocket` for one on which the process listens: rejects with FOREIGN if the kernel says that another one does, by
 * the same configuration, or if the process could not open it. Whoever listens there is sent `line`.
 */
export function listenedSocket(find: FindPath, process: Process, deps: Deps, line?: string): FindPath {
  const own = ownSocket(find, process);
  return async (path) => {
    const here = await own(path);
    // The kernel knows no pid of another proc file system.
    const listener =
      deps.procDir === undefined
        ? await usedAs(here, process, deps, (held) => listenerOn(held, line))
        : undefined;
    if (listener === undefined || listener === process.pid) return here;
    throw new DiscoveryError('FOREIGN', `process ${listener} listens on ${here}, not process ${process.pid}`);
  };
}

/**
 * Uses what is at a path that a process names: if that is a system user's, only what it could open itself, by a path
 * that stays what was looked at. Throws a DiscoveryError FOREIGN.
 */
export async function usedAs<T>(
  path: string,
  process: Process,
  deps: Deps,
  use: (path: string) => Promise<T>,
): Promise<T> {
  // What root's processes and this user's own name, they may open.
  if (!hasProc(deps) || [0, globalThis.process.getuid?.()].includes(process.uid)) return use(path);
  const opened: number[] = [];
  const hold = (at: string, more: number) => {
    const descriptor = openSync(at, onlyPath | more);
    opened.push(descriptor);
    return `/proc/self/fd/${descriptor}`;
  };
  try {
    return await use(holdFor(path, process, `${procDir(deps)}/${process.pid}`, hold));
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

/** O_PATH of open(2), which Node does not list: what is at a path is held, and not used. */
const onlyPath = 0o10000000;

/** The path itself if nothing is there, or this user may not see it either. */
function holdFor(
  path: string,
  { pid, uid }: Process,
  dir: string,
  hold: (at: string, more: number) => string,
): string {
  let [folder, held] = ['', ''];
  let stats: Stats;
  try {
    // In another root all links are resolved, and the kernel's link to it leads there only as a link.
    const real = path.startsWith(`${dir}/root/`) ? path : realpathSync(path);
    folder = hold(dirname(real), constants.O_DIRECTORY);
    held = hold(`${folder}/${basename(real)}`, constants.O_NOFOLLOW);
    stats = statSync(held);
  } catch {
    return path;
  }
  const may = accessOf(readTextIfAny(`${dir}/status`), uid);
  const could = stats.uid === uid || (may(stats, stats.isSocket() ? 2 : 4) && mayEnter(folder, dir, may));
  // A link was put there meanwhile.
  if (could && !stats.isSymbolicLink()) return held;
  throw new DiscoveryError('FOREIGN', `user ${uid}, whose process ${pid} names ${path}, could not open that`);
}

type Access = (stats: Stats, wanted: 1 | 2 | 4) => boolean;

/** Whether a process may search, write or read by a file's mode. Capabilities and access lists do not count: the stricter. */
function accessOf(status: string, uid: number): Access {
  const idsIn = (field: string) => new RegExp(`^${field}:(.*)$`, 'm').exec(status)?.[1]?.match(/\d+/g) ?? [];
  const groups = [...idsIn('Gid'), ...idsIn('Groups')].map(Number);
  return ({ uid: owner, gid, mode }, wanted) => {
    const shift = owner === uid ? 6 : groups.includes(gid) ? 3 : 0;
    return ((mode >> shift) & wanted) !== 0;
  };
}

/** Whether it may search a folder and those above it, up to its root or the folder in which it is. */
function mayEnter(folder: string, dir: string, may: Access): boolean {
  const ends = [idOf(`${dir}/root`), idOf(`${dir}/cwd`)];
  for (let at = folder; ; at += '/..') {
    if (!may(statSync(at), 1)) return false;
    const id = idOf(at);
    if (ends.includes(id) || id === idOf(`${at}/..`)) return true;
  }
}

/** Undefined: nobody, or the kernel does not say. */
async function listenerOn(path: string, line?: string): Promise<number | undefined> {
  const { addon } = loadAddon();
  try {
    const handle = await addon?.connect({ family: 'unix', path }, listenerMs).promise;
    if (handle === undefined) return undefined;
    try {
      const listener = addon?.peerProcess(handle);
      if (line !== undefined) await addon?.write(handle, Buffer.from(line)).catch(() => {});
      return listener;
    } finally {
      addon?.close(handle);
    }
  } catch {
    return undefined;
  }
}

/** A connection is made by the kernel alone, unless very many wait. Milliseconds. */
const listenerMs = 500;

/** Whether a process started before a file of its pid was written: else, or if it cannot be seen, the pid is another's. */
export function wroteFile(pid: number, path: string, deps: Deps = { env: {} }): boolean {
  if (!hasProc(deps)) return true;
  try {
    const dir = procDir(deps);
    const [, boot] = /^btime (\d+)$/m.exec(readTextSync(`${dir}/stat`)) ?? [];
    // Field 22 of proc_pid_stat(5), in ticks of 10 ms. The second is the name, which may have blanks and brackets in it.
    const text = readTextSync(`${dir}/${pid}/stat`);
    const ticks = text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
    const started = Number(boot) * 1000 + Number(ticks) * 10;
    return started <= statSync(path).mtimeMs + slackMs;
  } catch {
    return false;
  }
}

/** The time of the boot has whole seconds. */
const slackMs = 1000;
