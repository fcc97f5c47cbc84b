import { match } from './match.js';
import type { Deps, DiscoveredMachine, Provider, Warning } from './provider.js';
import { type Search, searchIn } from './search.js';

/** Asks a provider for a machine: by its own search, else by a match over its list. */
export async function findBy<F extends DiscoveredMachine>(
  provider: Provider<F>,
  name: string,
  deps: Deps,
): Promise<Search<F, Warning>> {
  if (provider.find) return provider.find(name, deps);
  const { found, warnings } = await provider.list(deps);
  return searchIn(match(name, found), found, ({ target }) => target, warnings);
}
