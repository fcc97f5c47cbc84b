import { fitsSocket, longestSocketPath } from '../address/socket-path.js';
import type { SocketPath } from './target.js';

/**
 * The path behind "unix/" or "vsock-mux/": a leading "/" or "./" is kept, anything else gets a "/" in front. A rest
 * with "%" and without "/" has a second reading with slashes, so that scp and rsync can carry it. Throws a RangeError.
 */
export function parseSocketPath(rest: string): SocketPath {
  if (rest === '') throw new RangeError('the socket path is empty');
  const path = rooted(rest);
  if (rest.includes('/') || !rest.includes('%')) return { path: checked(path) };
  return { path: checked(path), decodedPath: rooted(rest.replaceAll('%', '/')) };
}

/** The path with a "/" in front, if it has neither that nor a "./". */
export function rooted(rest: string): string {
  return rest.startsWith('/') || rest.startsWith('./') ? rest : `/${rest}`;
}

function checked(path: string): string {
  if (fitsSocket(path)) return path;
  const length = Buffer.byteLength(path);
  throw new RangeError(
    `the socket path has ${length} bytes and AF_UNIX takes at most ${longestSocketPath}: ${path}`,
  );
}
