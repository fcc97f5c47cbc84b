import { formatEndpoint } from '../endpoint.js';
import type { Route } from '../route.js';
import { atPort } from '../target/port.js';
import { loadHere } from './here.js';
import { listAll } from './list-all.js';
import { mergeMachines } from './merge.js';
import type { Deps, DiscoveredMachine } from './provider.js';
import { listedRoutes } from './routes.js';
import type { Source } from './source.js';
import { type SourceEntry, sources } from './sources.js';

/** The routes that other sources have for the same machine, as `list` joins them, and its own does not. */
export async function routesOfOthers(
  found: DiscoveredMachine,
  deps: Deps & { readonly port: number },
  from?: readonly Source[],
): Promise<readonly Route[]> {
  const others = from ?? (await loadHere(deps, joining));
  const { machines } = await listAll(
    deps,
    others.filter(({ name }) => name !== found.provider),
  );
  const joined = mergeMachines([found, ...machines]).find(({ target }) => target === found.target);
  const own = new Set(listedRoutes(found).map(({ endpoint }) => formatEndpoint(endpoint)));
  return listedRoutes(joined ?? found)
    .filter(({ endpoint, network }) => !network && !own.has(formatEndpoint(endpoint)))
    .map((each) => atPort(each, deps.port));
}

const entries: readonly SourceEntry[] = sources;
const joining = entries.filter(({ joins }) => joins).map(({ name }) => name);
