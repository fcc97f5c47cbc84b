type Key = string | symbol;
type Listener = (...args: never[]) => unknown;

export type EventsOf<Events> = { readonly [Name in keyof Events]: readonly unknown[] };
/** Whoever knows nothing of an emitter may listen for anything. */
export type AnyEvents = Record<Key, never[]>;

type ListenerOf<Events extends EventsOf<Events>, Name extends keyof Events> = (
  ...args: Events[Name]
) => unknown;

interface Entry {
  readonly listener: Listener;
  readonly once: boolean;
}

/** By it, an emitter's type says what its events bring. */
declare const eventsOf: unique symbol;

/** https://nodejs.org/api/events.html, as far as it is used here. */
export class EventEmitter<Events extends EventsOf<Events> = AnyEvents> {
  declare readonly [eventsOf]?: Events;
  readonly #entries = new Map<Key, readonly Entry[]>();

  on<Name extends keyof Events & Key>(name: Name, listener: ListenerOf<Events, Name>): this {
    return this.#add(name, { listener, once: false });
  }

  once<Name extends keyof Events & Key>(name: Name, listener: ListenerOf<Events, Name>): this {
    return this.#add(name, { listener, once: true });
  }

  prependListener<Name extends keyof Events & Key>(name: Name, listener: ListenerOf<Events, Name>): this {
    return this.#set(name, [{ listener, once: false }, ...this.#of(name)]);
  }

  /** Removes the last one added. */
  off<Name extends keyof Events & Key>(name: Name, listener: ListenerOf<Events, Name>): this {
    const entry = this.#of(name).findLast((each) => each.listener === listener);
    return entry ? this.#remove(name, entry) : this;
  }

  /** Whether there was a listener. An "error" without one is thrown. */
  emit(name: Key, ...args: readonly unknown[]): boolean {
    const entries = this.#of(name);
    if (entries.length === 0 && name === 'error') throw asError(args[0]);
    for (const entry of entries) {
      if (entry.once) this.#remove(name, entry);
      entry.listener.apply(this, args as never[]);
    }
    return entries.length > 0;
  }

  listenerCount(name: keyof Events & Key): number {
    return this.#of(name).length;
  }

  protected changed(_name: Key, _before: number, _now: number): void {}

  #add(name: Key, entry: Entry): this {
    return this.#set(name, [...this.#of(name), entry]);
  }

  #remove(name: Key, entry: Entry): this {
    const others = this.#of(name).filter((each) => each !== entry);
    return this.#set(name, others);
  }

  #of(name: Key): readonly Entry[] {
    return this.#entries.get(name) ?? [];
  }

  #set(name: Key, entries: readonly Entry[]): this {
    const before = this.#of(name).length;
    if (entries.length > 0) this.#entries.set(name, entries);
    else this.#entries.delete(name);
    this.changed(name, before, entries.length);
    return this;
  }
}

/** The arguments of an event; rejects if "error" comes first. */
export function once<Events extends EventsOf<Events>, Name extends keyof Events & Key>(
  emitter: { readonly [eventsOf]?: Events },
  name: Name,
): Promise<Events[Name]> {
  const any: EventEmitter = emitter as object as EventEmitter;
  return new Promise((resolve, reject) => {
    const settle = () => {
      any.off(name, done);
      any.off('error', fail);
    };
    const done = (...args: unknown[]) => {
      settle();
      resolve(args as readonly unknown[] as Events[Name]);
    };
    const fail = (error: unknown) => {
      settle();
      reject(error);
    };
    any.on(name, done);
    if (name !== 'error') any.on('error', fail);
  });
}

export default EventEmitter;

function asError(value: unknown): Error {
  if (value instanceof Error) return value;
  const shown = typeof value === 'string' ? `'${value}'` : String(value);
  return Object.assign(new Error(`Unhandled error. (${shown})`), { code: 'ERR_UNHANDLED_ERROR' });
}
