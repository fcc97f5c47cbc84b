import { addImmediate, addTimer, keepAlive, remove } from 'engine:loop';

/** The result of setTimeout and setInterval. */
export class Timeout {
  readonly #id: number;

  constructor(id: number) {
    this.#id = id;
  }

  ref(): this {
    keepAlive(this.#id, true);
    return this;
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

/** Cancels any of the three. */
export function clear(timer: Timeout | number | null | undefined): void {
  if (timer !== null && timer !== undefined) remove(Number(timer));
}
