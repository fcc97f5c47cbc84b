type Listener = (...args: never[]) => unknown;

interface Entry {
  /** What was added. */
  readonly listener: Listener;
  readonly once: boolean;
}

/** https://nodejs.org/api/events.html, as far as it is used here. */
export class EventEmitter {
  readonly #entries = new Map<string | symbol, readonly Entry[]>();

  on(name: string | symbol, listener: Listener): this {
    return this.#add(name, { listener, once: false });
  }

  addListener(name: string | symbol, listener: Listener): this {
    return this.on(name, listener);
  }

  once(name: string | symbol, listener: Listener): this {
    return this.#add(name, { listener, once: true });
  }

  /** In front of the others. */
  prependListener(name: string | symbol, listener: Listener): this {
    return this.#set(name, [{ listener, once: false }, ...(this.#entries.get(name) ?? [])]);
  }

  /** Takes back the last that was added of them. */
  off(name: string | symbol, listener: Listener): this {
    const entries = this.#entries.get(name) ?? [];
    const index = entries.findLastIndex((entry) => entry.listener === listener);
    if (index >= 0) this.#set(name, entries.toSpliced(index, 1));
    return this;
  }

  removeListener(name: string | symbol, listener: Listener): this {
    return this.off(name, listener);
  }

  removeAllListeners(name?: string | symbol): this {
    for (const each of name === undefined ? [...this.#entries.keys()] : [name]) this.#set(each, []);
    return this;
  }

  /** Whether anybody listened. An error that nobody listens for is thrown. */
  emit(name: string | symbol, ...args: unknown[]): boolean {
    const entries = this.#entries.get(name) ?? [];
    if (entries.length === 0 && name === 'error') throw asError(args[0]);
    for (const { listener, once } of entries) {
      if (once) this.off(name, listener);
      listener.apply(this, args as never[]);
    }
    return entries.length > 0;
  }

  listenerCount(name: string | symbol): number {
    return this.#entries.get(name)?.length ?? 0;
  }

  listeners(name: string | symbol): Listener[] {
    return (this.#entries.get(name) ?? []).map(({ listener }) => listener);
  }

  /** Told how many listeners a name had before, and how many it has now. */
  protected changed(_name: string | symbol, _before: number, _now: number): void {}

  #add(name: string | symbol, entry: Entry): this {
    return this.#set(name, [...(this.#entries.get(name) ?? []), entry]);
  }

  #set(name: string | symbol, entries: readonly Entry[]): this {
    const before = this.listenerCount(name);
    if (entries.length > 0) this.#entries.set(name, entries);
    else this.#entries.delete(name);
    this.changed(name, before, entries.length);
    return this;
  }
}

/** What an event brings; rejects with an "error" that comes before it. */
export function once(emitter: EventEmitter, name: string | symbol): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      emitter.off(name, done);
      emitter.off('error', fail);
    };
    const done = (...args: unknown[]) => {
      settle();
      resolve(args);
    };
    const fail = (error: unknown) => {
      settle();
      reject(error);
    };
    emitter.on(name, done);
    if (name !== 'error') emitter.on('error', fail);
  });
}

export default EventEmitter;

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(`Unhandled error. (${String(value)})`);
}
