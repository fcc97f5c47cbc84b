import type { Found } from './provider.js';

/** A machine of the list, with the other names that providers have for it. */
export interface ListedMachine extends Found {
  /** Targets of the same machine by other providers. */
  readonly also: readonly string[];
}

/** One entry a machine, in the order given: the first word for it counts, later ones add what it left out. */
export function mergeMachines(found: readonly Found[]): readonly ListedMachine[] {
  const merged: ListedMachine[] = [];
  for (const each of found) {
    const at = merged.findIndex((other) => isSame(other, each));
    const known = merged[at];
    if (known === undefined) merged.push({ ...each, also: [] });
    else merged[at] = join(known, each);
  }
  return merged;
}

function isSame(a: Found, b: Found): boolean {
  if (a.provider === b.provider) return false;
  if (a.pid !== undefined && a.pid === b.pid) return true;
  if (a.uuid !== undefined && b.uuid !== undefined) return a.uuid === b.uuid;
  if (a.provider === 'machined' && b.provider === 'nspawn') return a.name === b.name;
  return a.name === b.name && a.cid !== undefined && a.cid === b.cid;
}

function join(known: ListedMachine, other: Found): ListedMachine {
  const cid = known.cid ?? other.cid;
  const uuid = known.uuid ?? other.uuid;
  const pid = known.pid ?? other.pid;
  const status = known.status === 'unknown' ? other.status : known.status;
  const also = [...new Set([...known.also, other.target])].filter((target) => target !== known.target);
  return { ...known, status, cid, uuid, pid, also };
}
