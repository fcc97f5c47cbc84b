/** What ends a wait from outside: the part of an AbortSignal that our own waits use. An AbortSignal is one. */
export interface Interruption {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** An interruption of our own, for each login: Node loads AbortController at its first use, a tenth of a login's own time. */
export class Interrupter implements Interruption {
  readonly #listeners = new Set<() => void>();
  aborted = false;
  reason: unknown;

  /** Only the first call counts. */
  abort(reason: unknown = new Error('interrupted')): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.#listeners) listener();
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }
}

/** The same as a real AbortSignal, for what takes no other. */
export function abortSignalOf(interruption: Interruption): AbortSignal {
  if (interruption instanceof AbortSignal) return interruption;
  const controller = new AbortController();
  const abort = () => controller.abort(interruption.reason);
  if (interruption.aborted) abort();
  else interruption.addEventListener('abort', abort);
  return controller.signal;
}
