import type { DiscoveredMachine } from './provider.js';
import { type Entry, SameMachines } from './same-machines.js';

/** A machine of the list, with the other names that providers have for it. */
export interface ListedMachine extends DiscoveredMachine {
  /** Targets of the same machine by other providers. */
  readonly also: readonly string[];
}

/** One entry a machine, in the order given: the first word for it counts, later ones add what it left out. */
export function mergeMachines(found: readonly DiscoveredMachine[]): readonly ListedMachine[] {
  const merged: Entry[] = [];
  const same = new SameMachines();
  for (const each of found) {
    const known = same.find(each);
    if (known) {
      same.change(known, join(known.machine, each));
      known.also.add(each.target);
    } else {
      merged.push(same.add(each));
    }
  }
  return merged.map(({ machine, also }) => ({
    ...machine,
    also: [...also].filter((target) => target !== machine.target),
  }));
}

function join(known: DiscoveredMachine, other: DiscoveredMachine): DiscoveredMachine {
  const cid = known.cid ?? other.cid;
  const uuid = known.uuid ?? other.uuid;
  const pid = known.pid ?? other.pid;
  const status = known.status === 'unknown' ? other.status : known.status;
  return { ...known, status, cid, uuid, pid };
}
