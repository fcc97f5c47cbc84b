import { fitsSocket, longestSocketPath } from '../address/socket-path.js';
import type { SocketPath } from './target.js';

/**
 * The path after "unix/" or "vsock-mux/": a leading "/" or "./" is kept, anything else gets a leading "/". A path with
 * "%" and without "/" has a second reading with slashes, for scp and rsync. Throws a RangeError.
 */
export function parseSocketPath(rest: string): SocketPath {
  if (rest === '') throw new RangeError('the socket path is empty');
  const path = rooted(rest);
  if (rest.includes('/') || !rest.includes('%')) return { path: checked(path) };
  return { path: checked(path), decodedPath: rooted(rest.replaceAll('%', '/')) };
}

/** The path with a leading "/", unless it has one or starts with "./". */
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
