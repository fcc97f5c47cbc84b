import type { Interruption } from '../interruption.js';

export interface OpenOptions {
  /** The target as typed, for error messages. */
  readonly target: string;
  /** Milliseconds to open the socket and, for a multiplexer, to get its answer. */
  readonly timeoutMs: number;
  /** Milliseconds for another hypervisor to start its machine, if that is off; undefined: it starts none. */
  readonly startMs?: number | undefined;
  readonly signal?: Interruption | undefined;
  /** For the programs that a hop starts. Default: our own. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}
