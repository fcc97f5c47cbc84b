import { atPort } from '../typed/port.js';
import type { Route } from '../typed/route.js';
import { loadJoining } from './here.js';
import { listAll } from './list-all.js';
import { mergeMachines } from './merge.js';
import type { Deps, DiscoveredMachine, Source } from './source.js';

/** The routes of a machine, as `list` joins them, with those that only other sources have; without a network. */
export async function routesOfOthers(
  found: DiscoveredMachine,
  deps: Deps & { readonly port: number },
  from?: readonly Source[],
): Promise<readonly Route[]> {
  const others = from ?? (await loadJoining(deps));
  const asked = others.filter(({ name }) => name !== found.provider);
  const { machines } = await listAll(deps, asked);
  const joined = mergeMachines([found, ...machines]).find(({ target }) => target === found.target);
  const { routes = [] } = joined ?? found;
  return routes.filter(({ network }) => !network).map((each) => atPort(each, deps.port));
}
