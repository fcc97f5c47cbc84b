import type { Interruption } from '../interruption.js';

export interface OpenOptions {
  /** The target as typed, for error messages. */
  readonly target: string;
  /** Milliseconds to open the socket and, for a multiplexer, to get its answer. */
  readonly timeoutMs: number;
  /** Milliseconds for another hypervisor to start its machine, if that is off; undefined: it starts none. */
  readonly startMs?: number | undefined;
  readonly signal?: Interruption | undefined;
  /**
   * What is done with the connection, if it is only for our own stdin and stdout and nobody looks at it before: without the
   * addon, another program then carries it. Default: it is read and written here.
   */
  readonly stdio?: 'relay' | 'pass' | undefined;
  /** For the programs that are started. Default: our own. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}
