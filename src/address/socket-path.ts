/** The longest AF_UNIX path in bytes: sun_path has 108 with the final NUL (unix(7)). */
export const longestSocketPath = 107;

/** Whether the path fits AF_UNIX; Node and others truncate a longer one and open another socket. */
export function fitsSocket(path: string): boolean {
  // A UTF-16 unit has at most three bytes: most paths need no counting.
  return path.length * 3 <= longestSocketPath || Buffer.byteLength(path) <= longestSocketPath;
}
