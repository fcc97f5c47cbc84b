import type { ListedMachine } from '../../discovery/merge.js';
import { countBy } from '../../group-by.js';
import type { HostEntry } from './state.js';

/** The name that ssh takes for each machine, by the Hosts that were written; absent for a machine without one. */
export function sshNames(
  entries: readonly HostEntry[],
  machines: readonly ListedMachine[],
): ReadonlyMap<ListedMachine, string> {
  const named = withEntries(entries, machines).map(({ machine, entry: { host } }) => ({ machine, host }));
  const uses = countBy(named, ({ host }) => host);
  const unique = named.filter(({ host }) => uses.get(host) === 1);
  return new Map(unique.map(({ machine, host }) => [machine, host]));
}

function withEntries(entries: readonly HostEntry[], machines: readonly ListedMachine[]) {
  const written = new Map(entries.map((entry) => [entry.target, entry]));
  return machines.flatMap((machine) => {
    const targets = [machine.target, ...machine.also];
    const entry = targets.map((target) => written.get(target)).find((each) => each !== undefined);
    return entry === undefined ? [] : [{ machine, entry }];
  });
}
