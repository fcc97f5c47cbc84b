import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { type Deps, DiscoveryError, type Process } from '../provider.js';
import { nodeFs, type ProcFs, procDir } from './processes.js';

/** Translates another process's path into one for this process. Rejects with LINK. */
export type FindPath = (path: string) => Promise<string>;

/**
 * Finds the files of a process. If it has another root or mount namespace, another user's file may be at the same path
 * here: then its paths go through the kernel's link to its root. Relative ones begin in its working folder. Without
 * permission to see its namespace, the path is used as it is, but for one in a container.
 */
export async function pathsOf(
  { pid, authority }: Pick<Process, 'pid' | 'authority'>,
  deps: Deps,
  fs: ProcFs = nodeFs,
): Promise<FindPath> {
  const own = `${procDir(deps)}/${pid}`;
  const [cwd, root = '/', mounts, ours] = await Promise.all(
    [`${own}/cwd`, `${own}/root`, `${own}/ns/mnt`, `${procDir(deps)}/self/ns/mnt`].map((link) =>
      fs.readlink(link).catch(() => undefined),
    ),
  );
  const isElsewhere =
    authority === 'other' || (mounts !== undefined && ours !== undefined && mounts !== ours);
  const from = isElsewhere ? `${own}/root` : root;
  const folder = cwd === undefined ? `${own}/cwd` : withoutRoot(cwd, root);
  const inside = (path: string) => (isAbsolute(path) ? path : join(folder, path));
  return async (path) => (from === '/' ? inside(path) : pathInRoot(from, inside(path), fs.readlink));
}

/** The path of a file in another root, with links resolved: an absolute one would lead out of it. Rejects with LINK. */
export async function pathInRoot(
  root: string,
  path: string,
  readlink: ProcFs['readlink'] = nodeFs.readlink,
): Promise<string> {
  let done: readonly string[] = [];
  let left = path.split('/');
  for (let links = 0; left.length > 0; ) {
    const [part = '', ...rest] = left;
    left = rest;
    if (part === '..') done = done.slice(0, -1);
    if (part === '' || part === '.' || part === '..') continue;
    const to = await readlink(join(root, ...done, part)).catch(() => undefined);
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
 * `find` for sockets of this process only: rejects with FOREIGN if one belongs neither to its user nor to root nor to us,
 * since another user may have put it there. One that cannot be examined is left for the connect to check.
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
