import { match } from '../match.js';
import type { DiscoveredMachine, Listing, Warning } from '../provider.js';
import { answerOf, type Search, searchIn } from '../search.js';

/** The machine that a name means: a manager's own machine before a container, which also has its id, whole or the first 12 digits. */
export function findContainer<M extends DiscoveredMachine>(
  name: string,
  listing: Promise<Listing<M>>,
  signal: AbortSignal | undefined,
): Promise<Search<M, Warning>> {
  const search = async () => {
    const { found, warnings } = await listing;
    const typed = ({ target }: M) => target;
    const own = match(
      name,
      found.filter(({ container }) => container === undefined),
    );
    const containers = found.filter(({ container }) => container !== undefined);
    const named = own.length > 0 ? own : match(name, containers);
    const matches = named.length > 0 ? named : containers.filter((each) => hasId(each, name));
    return searchIn(matches, found, typed, warnings);
  };
  return answerOf(search(), signal);
}

/** As managers print it: 12 digits at least. */
function hasId({ container }: DiscoveredMachine, text: string): boolean {
  return /^[0-9a-f]{12,64}$/.test(text) && container?.id.startsWith(text) === true;
}
