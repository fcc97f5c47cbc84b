type Listener = (event: { readonly type: 'abort'; readonly target: EngineAbortSignal }) => void;

/** Only for controllers. */
let abortSignal: (signal: EngineAbortSignal, reason: unknown) => void;

/** https://dom.spec.whatwg.org/#interface-AbortSignal */
export class EngineAbortSignal {
  readonly #listeners = new Map<Listener, { readonly once: boolean }>();
  #aborted = false;
  #reason: unknown;
  onabort: Listener | null = null;

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  addEventListener(type: string, listener: Listener, options?: { readonly once?: boolean }): void {
    if (type === 'abort' && !this.#listeners.has(listener)) {
      this.#listeners.set(listener, { once: options?.once === true });
    }
  }

  removeEventListener(_type: string, listener: Listener): void {
    this.#listeners.delete(listener);
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  static abort(reason?: unknown): EngineAbortSignal {
    const controller = new EngineAbortController();
    controller.abort(reason);
    return controller.signal;
  }

  static timeout(ms: number): EngineAbortSignal {
    const { signal } = new EngineAbortController();
    const late = () =>
      abortSignal(signal, new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    setTimeout(late, ms).unref();
    return signal;
  }

  static any(signals: readonly EngineAbortSignal[]): EngineAbortSignal {
    const { signal } = new EngineAbortController();
    const aborted = signals.find((each) => each.aborted);
    if (aborted) abortSignal(signal, aborted.reason);
    else for (const each of signals) each.addEventListener('abort', () => abortSignal(signal, each.reason));
    return signal;
  }

  static {
    abortSignal = (signal, reason) => {
      if (signal.#aborted) return;
      signal.#aborted = true;
      signal.#reason = reason;
      const event = { type: 'abort', target: signal } as const;
      signal.onabort?.(event);
      for (const [listener, { once }] of [...signal.#listeners]) {
        if (once) signal.#listeners.delete(listener);
        listener.call(signal, event);
      }
    };
  }
}

export class EngineAbortController {
  readonly signal = new EngineAbortSignal();

  abort(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): void {
    abortSignal(this.signal, reason);
  }
}
