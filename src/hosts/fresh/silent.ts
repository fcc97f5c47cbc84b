import type { Io } from '../../cli/command.js';

/** The same process, where nothing is printed. */
export function silent(io: Io): Io {
  return { ...io, out: () => {}, err: () => {}, terminal: { ...io.terminal, stdout: false, stderr: false } };
}
