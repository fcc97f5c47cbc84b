import type { Route } from '../route.js';
import { atPort } from '../target/port.js';
import { loadHere } from './here.js';
import { listAll } from './list-all.js';
import { mergeMachines } from './merge.js';
import type { Deps, DiscoveredMachine } from './provider.js';
import { listedRoutes } from './routes.js';
import type { Source } from './source.js';
import { type SourceEntry, sources } from './sources.js';

/** The routes of a machine, as `list` joins them, with those that only other sources have; without a network. */
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
  return listedRoutes(joined ?? found)
    .filter(({ network }) => !network)
    .map((each) => atPort(each, deps.port));
}

const entries: readonly SourceEntry[] = sources;
const joining = entries.filter(({ joins }) => joins).map(({ name }) => name);
