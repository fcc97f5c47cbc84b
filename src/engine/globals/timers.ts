import { addImmediate, addTimer, keepAlive, remove } from 'engine:loop';

/** What setTimeout and setInterval give. */
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

type Callback = (...args: unknown[]) => void;

export function setTimeout(callback: Callback, ms?: number, ...args: unknown[]): Timeout {
  return new Timeout(addTimer(() => callback(...args), Number(ms), false));
}

export function setInterval(callback: Callback, ms?: number, ...args: unknown[]): Timeout {
  return new Timeout(addTimer(() => callback(...args), Number(ms), true));
}

export function setImmediate(callback: Callback, ...args: unknown[]): Timeout {
  return new Timeout(addImmediate(() => callback(...args)));
}

/** Takes back what any of the three gave. */
export function clear(timer: Timeout | number | null | undefined): void {
  if (timer !== null && timer !== undefined) remove(Number(timer));
}
