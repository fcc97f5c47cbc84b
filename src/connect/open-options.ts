export interface OpenOptions {
  /** The target as it was typed, for error messages. */
  readonly target: string;
  /** Milliseconds for all: opening the socket and, at a multiplexer, its answer. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}
