import type { DiscoveredMachine } from './provider.js';

/** A machine as far as it is known, and the targets that others have for it. */
export interface Entry {
  machine: DiscoveredMachine;
  /** Its place in the order in which machines came. */
  readonly at: number;
  readonly also: Set<string>;
}

/**
 * Machines by what shows that one of another provider is the same: its process, else its UUID, else its name and CID; and
 * for an export of nspawn the name that machined has. Two of one provider are never the same. Each question looks at a few.
 */
export class SameMachines {
  /** By key: the first that had it, and the first of another provider than that one's. */
  readonly #known = new Map<string, Entry[]>();
  /** Those without a UUID, by name; they leave when they get one. By key, then by provider. */
  readonly #unsure = new Map<string, Map<string, Set<Entry>>>();
  #count = 0;

  add(machine: DiscoveredMachine): Entry {
    const entry: Entry = { machine, at: this.#count++, also: new Set() };
    this.#keep(entry);
    return entry;
  }

  /** The entry's machine has become known better. */
  change(entry: Entry, machine: DiscoveredMachine): void {
    const { provider, uuid } = entry.machine;
    if (uuid === undefined && machine.uuid !== undefined)
      for (const key of names(entry.machine, 'machined')) this.#unsure.get(key)?.get(provider)?.delete(entry);
    entry.machine = machine;
    this.#keep(entry);
  }

  /** The first entry that is the same machine as one of another provider. */
  find(other: DiscoveredMachine): Entry | undefined {
    const found = [...this.#byId(other), ...this.#byName(other)];
    return found.reduce((a, b) => (a && b && a.at < b.at ? a : (b ?? a)), undefined);
  }

  *#byId(other: DiscoveredMachine): Iterable<Entry | undefined> {
    for (const key of ids(other)) yield this.#firstOf(key, other);
  }

  // Where both have a UUID, that alone decides.
  *#byName(other: DiscoveredMachine): Iterable<Entry | undefined> {
    for (const key of names(other, 'nspawn')) {
      if (other.uuid === undefined) yield this.#firstOf(key, other);
      else
        for (const [provider, [entry]] of this.#unsure.get(key) ?? [])
          if (provider !== other.provider) yield entry;
    }
  }

  #firstOf(key: string, { provider }: DiscoveredMachine): Entry | undefined {
    return this.#known.get(key)?.find(({ machine }) => machine.provider !== provider);
  }

  #keep(entry: Entry): void {
    const { provider, uuid } = entry.machine;
    for (const key of [...ids(entry.machine), ...names(entry.machine, 'machined')]) {
      const known = this.#known.get(key) ?? [];
      // One that was there before may get the key later.
      const [first = entry, ...others] = [...known, entry].sort((a, b) => a.at - b.at);
      const second = others.find(({ machine }) => machine.provider !== first.machine.provider);
      this.#known.set(key, second ? [first, second] : [first]);
    }
    if (uuid !== undefined) return;
    for (const key of names(entry.machine, 'machined')) {
      const providers = this.#unsure.get(key) ?? new Map<string, Set<Entry>>();
      this.#unsure.set(key, providers);
      providers.set(provider, (providers.get(provider) ?? new Set()).add(entry));
    }
  }
}

function ids({ uuid, pid }: DiscoveredMachine): readonly string[] {
  return [...(pid === undefined ? [] : [`pid ${pid}`]), ...(uuid === undefined ? [] : [`uuid ${uuid}`])];
}

/** The name of one of machined, and of what nspawn exports for it, is enough; for others the CID belongs to it. */
function names({ name, provider, cid }: DiscoveredMachine, alone: 'machined' | 'nspawn'): readonly string[] {
  return [
    ...(provider === alone ? [`machined ${name}`] : []),
    ...(cid === undefined ? [] : [`cid ${cid} ${name}`]),
  ];
}
