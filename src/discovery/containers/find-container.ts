import { match } from '../match.js';
import type { Deps, DiscoveredMachine, Listing, Warning } from '../provider.js';
import { answerOf, type Search, searchIn } from '../search.js';
import { type Container, uuidOf } from './container.js';

/** The machine that a name means: a manager's own machine before a container, which also has its id, whole or the first 12 digits. */
export function findContainer<M extends DiscoveredMachine>(
  name: string,
  list: (deps: Deps) => Promise<Listing<M>>,
  deps: Deps,
): Promise<Search<M, Warning>> {
  const search = async () => {
    const { found, warnings } = await list({ ...deps, wanted: name });
    const typed = ({ target }: M) => target;
    const own = match(
      name,
      found.filter(({ container }) => container === undefined),
    );
    const containers = found.filter(({ container }) => container !== undefined);
    const named = own.length > 0 ? own : match(name, containers);
    const matches =
      named.length > 0 ? named : containers.filter(({ container }) => hasId(container?.id, name));
    return searchIn(matches, found, typed, warnings);
  };
  return answerOf(search(), deps.signal);
}

/** Whether a name can mean a container. */
export function canMean(text: string, { name, id }: Pick<Container, 'name' | 'id'>): boolean {
  return match(text, [{ name, uuid: uuidOf(id) }]).length > 0 || hasId(id, text);
}

/** As managers print it: 12 digits at least. */
function hasId(id: string | undefined, text: string): boolean {
  return /^[0-9a-f]{12,64}$/.test(text) && id?.startsWith(text) === true;
}
