import type { Readable, Writable } from 'node:stream';
import type { Env, Here } from '../base/runtime.js';

/** This program, for another one that calls it. */
export interface OwnProgram extends Here {
  /** Its path, or an interpreter and a script. */
  readonly self: readonly string[];
}

/** The parts of the process that a command may use; main.ts makes the real one. */
export interface Io extends OwnProgram {
  readonly program: 'vmssh' | 'vsock-nc';
  /** Results, to stdout. */
  out(text: string): void;
  /** Messages, to stderr. */
  err(text: string): void;
  readonly terminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** The width of stdout, if it is a terminal. */
  readonly columns?: number;
  /** The width of stderr, if it is a terminal. */
  readonly errColumns?: number;
  /** The variables of `env` that the user's own ssh has otherwise. */
  readonly usersShell?: Env;
  /** Stdin and stdout as streams, for when the addon cannot use descriptors 0 and 1 directly. */
  streams(): { readonly input: Readable; readonly output: Writable };
  /** Aborted when stdout loses its reader, as with "| head -1". */
  outputGone(): AbortSignal;
  /** Aborted by Ctrl-C, if the command asks for it. */
  interrupted(): AbortSignal;
  /** Keeps Ctrl-C from ending this process: the other program decides. */
  ignoreInterrupts(): void;
}
