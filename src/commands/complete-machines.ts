import { matchFound, slug } from '../discovery/match-found.js';
import type { ListedMachine } from '../discovery/merge.js';
import { asTarget } from '../kinds/parse.js';

/** What may be typed for a machine, with what is said of it: only what the commands take for this very machine. */
export function machineWords(
  machines: readonly ListedMachine[],
  withNames: boolean,
): readonly { readonly target: string; readonly about: string }[] {
  const named = byNameAndSlug(machines);
  return machines.flatMap((machine) => {
    const { name, target, status, provider } = machine;
    if (asTarget(target) === undefined) return [];
    const short = slug(name);
    const [meant, ...others] = matchFound(short, named.get(short.toLowerCase()) ?? []);
    const isTaken = withNames && short !== '' && meant === machine && others.length === 0;
    const about = `${status}, ${provider}`;
    return (isTaken ? [short, target] : [target]).map((each) => ({ target: each, about }));
  });
}

/** The machines by their name and their slug, in lower case: what a text may mean, without a look at each of them. */
function byNameAndSlug(machines: readonly ListedMachine[]): ReadonlyMap<string, readonly ListedMachine[]> {
  const named = new Map<string, ListedMachine[]>();
  for (const machine of machines) {
    for (const key of new Set([machine.name, slug(machine.name)].map((text) => text.toLowerCase()))) {
      const group = named.get(key);
      if (group) group.push(machine);
      else named.set(key, [machine]);
    }
  }
  return named;
}
