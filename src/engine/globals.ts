import { addImmediate, addTimer, keepAlive, remove } from 'engine:loop';
import { EngineBuffer, EngineTextDecoder } from './bytes.js';
import { writeAll } from './files.js';
import { EngineProcess } from './process.js';

export class Timeout {
  readonly #id: number;

  constructor(id: number) {
    this.#id = id;
  }

  unref(): this {
    keepAlive(this.#id, false);
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.#id;
  }
}

export function setTimeout<Args extends unknown[]>(
  callback: (...args: Args) => void,
  ms?: number,
  ...args: Args
): Timeout;
/** As `resolve` of a promise of nothing is called. */
export function setTimeout(callback: (nothing: undefined) => void, ms?: number): Timeout;
export function setTimeout(callback: (...args: never[]) => void, ms?: number, ...args: unknown[]): Timeout {
  return new Timeout(addTimer(() => callback(...(args as never[])), Number(ms), false));
}

export function setInterval<Args extends unknown[]>(
  callback: (...args: Args) => void,
  ms?: number,
  ...args: Args
): Timeout {
  return new Timeout(addTimer(() => callback(...args), Number(ms), true));
}

export function setImmediate<Args extends unknown[]>(
  callback: (...args: Args) => void,
  ...args: Args
): Timeout;
export function setImmediate(callback: (nothing: undefined) => void): Timeout;
export function setImmediate(callback: (...args: never[]) => void, ...args: unknown[]): Timeout {
  return new Timeout(addImmediate(() => callback(...(args as never[]))));
}

export function clear(timer: Timeout | number | null | undefined): void {
  if (timer !== null && timer !== undefined) remove(Number(timer));
}

type Listener = (event: { readonly type: 'abort'; readonly target: EngineAbortSignal }) => void;

/** Only for controllers. */
let abortSignal: (signal: EngineAbortSignal, reason: unknown) => void;

/** https://dom.spec.whatwg.org/#interface-AbortSignal */
export class EngineAbortSignal {
  readonly #listeners = new Map<Listener, { readonly once: boolean }>();
  #aborted = false;
  #reason: unknown;

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  addEventListener(type: string, listener: Listener, options?: { readonly once?: boolean }): void {
    if (type === 'abort' && !this.#listeners.has(listener))
      this.#listeners.set(listener, { once: options?.once === true });
  }

  removeEventListener(_type: string, listener: Listener): void {
    this.#listeners.delete(listener);
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
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

/** For packages; our own output does not use it. */
function printTo(descriptor: number) {
  return (...values: unknown[]): void =>
    writeAll(descriptor, Buffer.from(`${values.map(String).join(' ')}\n`));
}

export const engineConsole = { log: printTo(1), info: printTo(1), warn: printTo(2), error: printTo(2) };

/** The globals that Node has and the engine lacks. The first module of the executable: the others rely on them. */
Object.assign(globalThis, {
  Buffer: EngineBuffer,
  AbortController: EngineAbortController,
  AbortSignal: EngineAbortSignal,
  TextDecoder: EngineTextDecoder,
  setTimeout,
  setInterval,
  setImmediate,
  clearTimeout: clear,
  clearInterval: clear,
  clearImmediate: clear,
  process: new EngineProcess(),
  console: engineConsole,
});
