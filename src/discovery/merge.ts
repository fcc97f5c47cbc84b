import type { DiscoveredMachine } from './provider.js';
import { joinedRoutes } from './routes.js';
import { type Entry, SameMachines } from './same-machines.js';

/** A listed machine, with its other names. */
export interface ListedMachine extends DiscoveredMachine {
  /** Its targets from other providers. */
  readonly also: readonly string[];
}

/** One entry per machine, in the given order: the first provider's fields count, later ones add what is missing. */
export function mergeMachines(found: readonly DiscoveredMachine[]): readonly ListedMachine[] {
  // Two machines of one provider are never the same.
  const [first] = found;
  if (found.every(({ provider }) => provider === first?.provider))
    return found.map((machine) => ({ ...machine, also: [] }));
  const merged: Entry[] = [];
  const same = new SameMachines();
  for (const each of found) {
    const known = same.find(each);
    if (known) {
      same.change(known, join(known.machine, each));
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

function join(known: DiscoveredMachine, other: DiscoveredMachine): DiscoveredMachine {
  const cid = known.cid ?? other.cid;
  const uuid = known.uuid ?? other.uuid;
  const pid = known.pid ?? other.pid;
  const status = known.status === 'unknown' ? other.status : known.status;
  const address = known.address ?? other.address;
  const routes = joinedRoutes(known, other);
  return { ...known, status, cid, uuid, pid, address, ...(routes ? { routes } : {}) };
}
