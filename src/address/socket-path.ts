/** The bytes of the longest path that AF_UNIX takes: sun_path holds 108 with the closing NUL (unix(7)). */
export const longestSocketPath = 107;

/** Whether AF_UNIX takes the path; Node and others cut a longer one and then open another socket. */
export function fitsSocket(path: string): boolean {
  // A character has three bytes at most: for most paths there is nothing to count.
  return path.length * 3 <= longestSocketPath || Buffer.byteLength(path) <= longestSocketPath;
}
