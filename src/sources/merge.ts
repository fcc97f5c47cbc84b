import { routesAfter } from '../typed/route.js';
import type { DiscoveredMachine } from './source.js';

/** A listed machine, with its other names. */
export interface ListedMachine extends DiscoveredMachine {
  /** The targets from other providers. */
  readonly also: readonly string[];
}

/** One entry per machine, in the given order: the first provider's fields count, later ones add what is missing. `SameMachines` has the rules. */
export function mergeMachines(found: readonly DiscoveredMachine[]): readonly ListedMachine[] {
  // Two machines of one provider are never the same.
  const [first] = found;
  if (found.every(({ provider }) => provider === first?.provider))
    return found.map((machine) => ({ ...machine, also: [] }));
  const merged: Entry[] = [];
  const same = new SameMachines(found);
  for (const each of found) {
    const known = same.find(each);
    if (known) {
      same.change(known, join(known.machine, each, same.ownUuid(each)));
      known.also ??= new Set();
      known.also.add(each.target);
    } else {
      merged.push(same.add(each));
    }
  }
  return merged.map(({ machine, also }) => ({
    ...machine,
    also: also ? [...also].filter((target) => target !== machine.target) : [],
  }));
}

function join(known: DiscoveredMachine, other: DiscoveredMachine, otherUuid?: string): DiscoveredMachine {
  const cid = known.cid ?? other.cid;
  const uuid = known.uuid ?? otherUuid;
  const pid = known.pid ?? other.pid;
  const status = known.status === 'unknown' ? other.status : known.status;
  const { routes: own, routes = other.routes } = known;
  const all = own && other.routes ? [...own, ...routesAfter(own, other.routes)] : routes;
  return { ...known, status, cid, uuid, pid, ...(all ? { routes: all } : {}) };
}

interface Entry {
  machine: DiscoveredMachine;
  /** The position in the order of the machines. */
  readonly at: number;
  also?: Set<string>;
}

/**
 * Finds the same machine among other providers: by process, UUID, or name and CID; an export of nspawn also by machined's name. Each lookup
 * compares only a few.
 *
 * Whoever chooses a machine's UUID or name could take over another machine with it. So machines of other users are never joined, this
 * user's and the system's only by their process, and a UUID or name that two machines of one provider have joins nothing.
 */
class SameMachines {
  /** What two machines of a provider share, with the provider. */
  readonly #shared: ReadonlySet<string>;
  /** By key: the first machine with it, and the first of another provider. */
  readonly #known = new Map<string, Entry[]>();
  /** Machines without a UUID, by name; removed when they get one. By key, then by provider. */
  readonly #unsure = new Map<string, Map<string, Set<Entry>>>();
  #count = 0;

  constructor(all: readonly DiscoveredMachine[]) {
    const seen = new Set<string>();
    const shared = new Set<string>();
    for (const machine of all) {
      const keys = new Set([...ids(machine), ...names(machine, 'machined'), ...names(machine, 'nspawn')]);
      for (const key of keys) {
        const ofProvider = `${machine.provider} ${key}`;
        if (seen.has(ofProvider)) shared.add(ofProvider);
        seen.add(ofProvider);
      }
    }
    this.#shared = shared;
  }

  /** The UUID of a machine, if no other one of its provider has it. */
  ownUuid(machine: DiscoveredMachine): string | undefined {
    return this.#isOwn(uuidKey(machine), machine) ? machine.uuid : undefined;
  }

  #isOwn(key: string, { provider }: DiscoveredMachine): boolean {
    return !this.#shared.has(`${provider} ${key}`);
  }

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
    if (!this.#isOwn(key, other)) return [];
    if (other.uuid === undefined) return [this.#firstOf(key, other)];
    const unsure = [...(this.#unsure.get(key) ?? [])];
    return unsure.flatMap(([provider, [entry]]) => (provider === other.provider ? [] : [entry]));
  }

  #firstOf(key: string, other: DiscoveredMachine): Entry | undefined {
    if (!this.#isOwn(key, other)) return undefined;
    return this.#known.get(key)?.find(({ machine }) => machine.provider !== other.provider);
  }

  #keep(entry: Entry): void {
    const { provider, uuid } = entry.machine;
    const own = (key: string) => this.#isOwn(key, entry.machine);
    const named = names(entry.machine, 'machined').filter(own);
    for (const key of ids(entry.machine).filter(own)) this.#know(key, entry);
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

function ids(machine: DiscoveredMachine): readonly string[] {
  const { uuid, pid, authority } = machine;
  if (authority === 'other') return [];
  return [...(pid === undefined ? [] : [`pid ${pid}`]), ...(uuid === undefined ? [] : [uuidKey(machine)])];
}

function uuidKey({ uuid, authority }: DiscoveredMachine): string {
  return `uuid ${authority} ${uuid}`;
}

/** The name is enough between machined and nspawn's exports; for others the CID must match too. */
function names(machine: DiscoveredMachine, byName: 'machined' | 'nspawn'): readonly string[] {
  const { name, provider, cid, authority } = machine;
  if (authority === 'other') return [];
  const keys: string[] = [];
  if (provider === byName) keys.push(`machined ${authority} ${name}`);
  if (cid !== undefined) keys.push(`cid ${authority} ${cid} ${name}`);
  return keys;
}
