import type { Interruption } from '../interruption.js';

export interface OpenOptions {
  /** The target as typed, for error messages. */
  readonly target: string;
  /** Milliseconds to open the socket and, for a multiplexer, to get its answer. */
  readonly timeoutMs: number;
  readonly signal?: Interruption | undefined;
  /** For the programs that a hop starts. Default: our own. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}
