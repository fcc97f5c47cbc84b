import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { readTextSync } from '../../files/read-sync.js';
import { loadAddon } from '../../native.js';
import { fitsSocket } from '../../target/names.js';
import { type Deps, DiscoveryError, type Process } from '../source.js';
import { hasProc, nodeFs, procDir } from './processes.js';

/** Translates another process's path into one for this process. Rejects with LINK, FOREIGN. */
export type FindPath = (path: string) => Promise<string>;

/**
 * Finds the files of a process. With another root or mount namespace, or in a container, its paths go through the kernel's link to its root:
 * another user's file may be at the same path here. If its namespace cannot be seen, the path is used as it is.
 */
export async function pathsOf(
  { pid, authority }: Pick<Process, 'pid' | 'authority'>,
  deps: Deps,
): Promise<FindPath> {
  const own = `${procDir(deps)}/${pid}`;
  const [cwd, root = '/', mounts, ours] = await Promise.all(
    [`${own}/cwd`, `${own}/root`, `${own}/ns/mnt`, `${procDir(deps)}/self/ns/mnt`].map((link) =>
      nodeFs.readlink(link).catch(() => undefined),
    ),
  );
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

/**
 * `find` for sockets of this process only: rejects with FOREIGN if one belongs neither to its user nor to root nor to us. One that cannot be
 * examined is left for the connect to check.
 */
export function ownSocket(
  find: FindPath,
  { uid }: Pick<Process, 'uid'>,
  look: (path: string) => Promise<{ readonly uid: number }> = stat,
  own: number | undefined = process.getuid?.(),
): FindPath {
  return async (path) => {
    const here = await find(path);
    const stats = await look(here).catch(() => undefined);
    if (stats === undefined || [uid, 0, own].includes(stats.uid)) return here;
    const problem = `the socket ${here} belongs to user ${stats.uid}, and its process to user ${uid}`;
    throw new DiscoveryError('FOREIGN', problem);
  };
}

/**
 * `ownSocket` for one on which the process listens: rejects with FOREIGN if the kernel says that another one does, by the same configuration.
 * Whoever listens there is sent `line`.
 */
export function listenedSocket(find: FindPath, { pid, uid }: Process, deps: Deps, line?: string): FindPath {
  const own = ownSocket(find, { uid });
  return async (path) => {
    const here = await own(path);
    // The kernel knows no pid of another proc file system.
    const listener = deps.procDir === undefined ? await listenerOn(here, line) : undefined;
    if (listener === undefined || listener === pid) return here;
    throw new DiscoveryError('FOREIGN', `process ${listener} listens on ${here}, not process ${pid}`);
  };
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

/**
 * Whether a process may have written a file of its pid: it started before. Else the pid is another process's by now, as it is if either time
 * cannot be read. Without /proc whoever says the pid is believed.
 */
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
