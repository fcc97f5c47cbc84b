import type { ListedMachine } from '../../discovery/merge.js';
import { countBy } from '../../group-by.js';
import type { HostEntry } from './state.js';

/** The name that ssh takes for each machine, by the Hosts that were written; absent for a machine without one. */
export function sshNames(
  entries: readonly HostEntry[],
  machines: readonly ListedMachine[],
): ReadonlyMap<ListedMachine, string> {
  const hosts = new Map(entries.map(({ host, target }) => [target, host]));
  const named = machines.flatMap((machine) => {
    const targets = [machine.target, ...machine.also];
    const host = targets.map((target) => hosts.get(target)).find((each) => each !== undefined);
    return host === undefined ? [] : [{ machine, host }];
  });
  const uses = countBy(named, ({ host }) => host);
  const unique = named.filter(({ host }) => uses.get(host) === 1);
  return new Map(unique.map(({ machine, host }) => [machine, host]));
}
