import type { DiscoveredMachine } from './provider.js';

/** A machine as known so far, and its targets from other providers. */
export interface Entry {
  machine: DiscoveredMachine;
  /** Its position in the order of the machines. */
  readonly at: number;
  also?: Set<string>;
}

/**
 * Finds the same machine among other providers: by process, else by UUID, else by name and CID; an export of nspawn also
 * by machined's name. Two machines of one provider are never the same. Each lookup compares only a few.
 */
export class SameMachines {
  /** By key: the first machine with it, and the first of another provider. */
  readonly #known = new Map<string, Entry[]>();
  /** Those without a UUID, by name; removed when they get one. By key, then by provider. */
  readonly #unsure = new Map<string, Map<string, Set<Entry>>>();
  #count = 0;

  add(machine: DiscoveredMachine): Entry {
    const entry: Entry = { machine, at: this.#count++ };
    this.#keep(entry);
    return entry;
  }

  /** Updates an entry with more data of its machine. */
  change(entry: Entry, machine: DiscoveredMachine): void {
    const { provider, uuid } = entry.machine;
    if (uuid === undefined && machine.uuid !== undefined)
      for (const key of names(entry.machine, 'machined')) this.#unsure.get(key)?.get(provider)?.delete(entry);
    entry.machine = machine;
    this.#keep(entry);
  }

  /** The first entry of the same machine from another provider. */
  find(other: DiscoveredMachine): Entry | undefined {
    let first: Entry | undefined;
    for (const key of ids(other)) first = earlier(first, this.#firstOf(key, other));
    for (const key of names(other, 'nspawn'))
      for (const entry of this.#named(key, other)) first = earlier(first, entry);
    return first;
  }

  // If both have a UUID, only that decides.
  #named(key: string, other: DiscoveredMachine): readonly (Entry | undefined)[] {
    if (other.uuid === undefined) return [this.#firstOf(key, other)];
    const unsure = this.#unsure.get(key);
    if (!unsure) return [];
    return [...unsure].flatMap(([provider, [entry]]) => (provider === other.provider ? [] : [entry]));
  }

  #firstOf(key: string, { provider }: DiscoveredMachine): Entry | undefined {
    return this.#known.get(key)?.find(({ machine }) => machine.provider !== provider);
  }

  #keep(entry: Entry): void {
    const { provider, uuid } = entry.machine;
    const named = names(entry.machine, 'machined');
    for (const key of ids(entry.machine)) this.#know(key, entry);
    for (const key of named) this.#know(key, entry);
    if (uuid !== undefined) return;
    for (const key of named) {
      const providers = this.#unsure.get(key) ?? new Map<string, Set<Entry>>();
      this.#unsure.set(key, providers);
      providers.set(provider, (providers.get(provider) ?? new Set()).add(entry));
    }
  }

  #know(key: string, entry: Entry): void {
    const known = this.#known.get(key);
    this.#known.set(key, known ? firstTwo([...known, entry]) : [entry]);
  }
}

function earlier(a: Entry | undefined, b: Entry | undefined): Entry | undefined {
  return a && b && a.at < b.at ? a : (b ?? a);
}

/** The first entry, and the first of another provider. An earlier entry may get a key later. */
function firstTwo(entries: Entry[]): Entry[] {
  const [first, ...others] = entries.sort((a, b) => a.at - b.at);
  const second = others.find(({ machine }) => machine.provider !== first?.machine.provider);
  return [first, second].filter((each) => each !== undefined);
}

function ids({ uuid, pid }: DiscoveredMachine): readonly string[] {
  const keys: string[] = [];
  if (pid !== undefined) keys.push(`pid ${pid}`);
  if (uuid !== undefined) keys.push(`uuid ${uuid}`);
  return keys;
}

/** The name is enough between machined and nspawn's exports; for others the CID must match too. */
function names({ name, provider, cid }: DiscoveredMachine, byName: 'machined' | 'nspawn'): readonly string[] {
  const keys: string[] = [];
  if (provider === byName) keys.push(`machined ${name}`);
  if (cid !== undefined) keys.push(`cid ${cid} ${name}`);
  return keys;
}
