import { countBy } from '../base/group-by.js';
import { routesAfter } from '../typed/route.js';
import type { DiscoveredMachine } from './source.js';

/** A listed machine, with its other names. */
export interface ListedMachine extends DiscoveredMachine {
  /** The targets from other sources. */
  readonly also: readonly string[];
}

/** One entry per machine, in the given order: the first source's fields count, later ones add what is missing. `keysOf` has the rules. */
export function mergeMachines(machines: readonly DiscoveredMachine[]): readonly ListedMachine[] {
  // Two machines of one source are never the same.
  const [first] = machines;
  if (machines.every(({ provider }) => provider === first?.provider))
    return machines.map((machine) => ({ ...machine, also: [] }));
  const used = machines.flatMap((machine) => keysOf(machine).map((key) => `${machine.provider} ${key}`));
  const uses = countBy(used, (key) => key);
  const isOwn = (key: string, provider: string) => (uses.get(`${provider} ${key}`) ?? 0) < 2;
  const merged: Entry[] = [];
  const known = new Map<string, Set<Entry>>();
  for (const each of machines) {
    const keys = keysOf(each).filter((key) => isOwn(key, each.provider));
    const [same] = keys
      .flatMap((key) => [...(known.get(key) ?? [])].filter(({ machine }) => areSame(key, machine, each)))
      .sort((a, b) => a.at - b.at);
    const entry = same ?? { machine: each, at: merged.length, also: new Set() };
    if (same) {
      const ownUuid = keys.includes(uuidKey(each)) ? each.uuid : undefined;
      same.machine = join(same.machine, each, ownUuid);
      same.also.add(each.target);
    } else merged.push(entry);
    const { machine } = entry;
    for (const key of keysOf(machine).filter((key) => isOwn(key, machine.provider)))
      known.set(key, (known.get(key) ?? new Set()).add(entry));
  }
  return merged.map(({ machine, also }) => {
    return { ...machine, also: [...also].filter((target) => target !== machine.target) };
  });
}

interface Entry {
  machine: DiscoveredMachine;
  /** The position in the order of the machines. */
  readonly at: number;
  readonly also: Set<string>;
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

// What shows that two sources' machines are the same. Whoever chooses a machine's UUID or name could take over another
// machine with it. So machines of other users are never joined, this user's and the system's only by their process, and a
// key that two machines of one source have joins nothing.
function keysOf(machine: DiscoveredMachine): readonly string[] {
  const { name, provider, cid, uuid, pid, authority } = machine;
  const keys: string[] = [];
  if (authority === 'other') return keys;
  if (pid !== undefined) keys.push(`pid ${pid}`);
  if (uuid !== undefined) keys.push(uuidKey(machine));
  if (cid !== undefined) keys.push(`cid ${authority} ${cid} ${name}`);
  if (provider === 'machined' || provider === 'nspawn') keys.push(`name ${authority} ${name}`);
  return keys;
}

function uuidKey({ uuid, authority }: DiscoveredMachine): string {
  return `uuid ${authority} ${uuid}`;
}

/** Whether a key that both have joins them. If both have a UUID, that decides, and no name. */
function areSame(key: string, known: DiscoveredMachine, other: DiscoveredMachine): boolean {
  if (known.provider === other.provider) return false;
  if (/^(?:pid|uuid) /.test(key)) return true;
  if (known.uuid !== undefined && other.uuid !== undefined) return false;
  return key.startsWith('cid ') || (known.provider === 'machined' && other.provider === 'nspawn');
}
