import { formatEndpoint } from '../endpoint.js';
import type { Route } from '../route.js';
import { atPort } from '../target/port.js';
import { listAll } from './list-all.js';
import { mergeMachines } from './merge.js';
import type { Deps, DiscoveredMachine } from './provider.js';
import { listedRoutes } from './routes.js';
import { type Source, sourcesOn } from './source.js';
import { loadSources, type SourceEntry, sources } from './sources.js';

/** The routes that other sources have for the same machine, as `list` joins them, and its own does not. */
export async function routesOfOthers(
  found: DiscoveredMachine,
  deps: Deps & { readonly port: number },
  from?: readonly Source[],
): Promise<readonly Route[]> {
  const { platform = process.platform } = deps;
  const others = sourcesOn(platform, from ?? (await joining(found.provider)));
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

function joining(besides: string): Promise<readonly Source[]> {
  const all: readonly SourceEntry[] = sources;
  return loadSources(all.flatMap(({ name, joins }) => (joins && name !== besides ? [name] : [])));
}
