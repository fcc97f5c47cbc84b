import { slug } from '../../address/slug.js';
import type { ListedMachine } from '../../discovery/merge.js';
import { countBy } from '../../group-by.js';
import { asTarget } from '../../kinds/parse.js';

/** The candidates for a machine with a description: only those that commands resolve to this machine. */
export function machineCandidates(
  machines: readonly ListedMachine[],
  withNames: boolean,
): readonly { readonly target: string; readonly about: string }[] {
  const isMeant = meaning(machines);
  return machines.flatMap(({ name, target, status, provider }) => {
    if (asTarget(target) === undefined) return [];
    const short = slug(name);
    const isTaken = withNames && short !== '' && isMeant(name, short);
    const about = `${status}, ${provider}`;
    return (isTaken ? [short, target] : [target]).map((each) => ({ target: each, about }));
  });
}

/** Whether a slug belongs to one machine only, by the rules of `match`, without comparing each machine to all others. */
function meaning(machines: readonly ListedMachine[]): (name: string, short: string) => boolean {
  const exact = countBy(machines, ({ name }) => name);
  const folded = countBy(machines, ({ name }) => name.toLowerCase());
  const slugs = countBy(machines, ({ name }) => slug(name).toLowerCase());
  return (name, short) => {
    const lower = short.toLowerCase();
    if (exact.has(short)) return name === short && exact.get(short) === 1;
    if (folded.has(lower)) return name.toLowerCase() === lower && folded.get(lower) === 1;
    return slugs.get(lower) === 1;
  };
}
