import { ConnectError, quote } from '../base/errors.js';
import { hopHostProblem } from '../typed/names.js';
import type { Route } from '../typed/route.js';
import { routeToHop } from '../typed/socket-target.js';
import type { VsockTarget } from '../typed/target.js';
import type { SearchWords } from './no-machine.js';
import type { DiscoveredMachine, Reachable, ResolveContext, Search, Source } from './source.js';
import { mayBeUp } from './source.js';

/** For one query to a source, which may have to start a daemon first. Milliseconds. */
export const searchMs = 10_000;

/**
 * Loads and asks sources for a machine, one after the other, up to the first that does not say that it has none of the
 * name. `asked`: who is named in errors, if not that source. Throws a ConnectError.
 */
export async function findMachine(
  sources: readonly (() => Promise<Source>)[],
  name: string,
  context: ResolveContext,
  asked?: SearchWords,
): Promise<Reachable> {
  const unknown: Extract<Search, { outcome: 'unknown' }>[] = [];
  const loaded: Source[] = [];
  for (const load of sources) {
    const source = await load();
    loaded.push(source);
    const deps = { timeoutMs: source.searchMs ?? searchMs, ...context };
    const own = source.find?.(name, deps);
    const search = await (own ?? (await import('./search.js')).searchSource(source, name, deps));
    context.signal?.throwIfAborted();
    if (search.outcome === 'unknown') {
      unknown.push(search);
      continue;
    }
    const warnings = [...unknown, search].flatMap((each) => each.warnings);
    if (search.outcome !== 'found' || warnings.length > 0) {
      const { searchWordsOf, machineOrThrow, refuseIfSilent } = await import('./no-machine.js');
      const machine = machineOrThrow(search, name, context.text, asked ?? searchWordsOf(source));
      refuseIfSilent(machine, name, context.text, warnings);
    }
    if (search.outcome === 'found') return resolveListed(search.machine, source, context);
  }
  const { searchWordsOf, machineOrThrow, notInstalled } = await import('./no-machine.js');
  const none = {
    ...unknown[0],
    outcome: 'unknown' as const,
    known: [...new Set(unknown.flatMap(({ known }) => known))],
    warnings: unknown.flatMap(({ warnings }) => warnings),
  };
  const missing = none.warnings.length === 0 ? notInstalled(loaded, context) : undefined;
  return machineOrThrow(none, name, context.text, asked ?? missing ?? searchWordsOf(loaded[0]));
}

/** A listed machine, to be reached by what its source says. Throws a ConnectError if it is off, or has no route. */
export async function resolveListed(
  machine: DiscoveredMachine,
  source: Source,
  context: ResolveContext,
): Promise<Reachable> {
  const { name, provider, status, container } = machine;
  const trouble =
    mayBeUp(machine) && container?.restarts === undefined
      ? undefined
      : await (await import('./not-up.js')).troubleOf(machine, source, context);
  const known: Reachable = {
    steps: [`${provider} knows ${quote(name)} (${status})`],
    routes: [],
    machine,
    trouble,
    // The routes that only other sources have for it.
    joined: async () => (await import('./list-all.js')).routesOfOthers(machine, context),
  };
  if (machine.via !== undefined)
    return { ...known, joined: undefined, routes: [routeBehind(machine, machine.via, context)] };
  const ask = source.ipOf?.bind(source, machine);
  const askIp: Reachable['askIp'] =
    ask && (async (leftMs) => (await import('./not-up.js')).askIp(ask, source, context, leftMs));
  const more = await source.resolve?.(machine, context);
  const routes = more?.routes ?? (await atPortOf(machine.routes, context));
  if (routes.length > 0 || (askIp && context.routes?.includes('ip')))
    return { ...known, askIp, ...more, routes };
  throw (await import('./not-up.js')).withoutRoute(machine, source, context, trouble);
}

async function atPortOf(routes: readonly Route[] = [], { port }: ResolveContext) {
  const { atPort } = await import('../typed/port.js');
  return routes.map((route) => atPort(route, port));
}

/** The route to a machine that its manager has on another host: by its CID any tool there reaches it, by its name vmssh does. */
function routeBehind({ target, cid }: DiscoveredMachine, host: string, context: ResolveContext): Route {
  const problem = hopHostProblem(host);
  if (problem !== undefined) throw new ConnectError('resolve', context.text, { code: 'NOT_FOUND', problem });
  if (cid === undefined)
    return routeToHop({ kind: 'via', host, target: target.slice(`via/${host}/`.length) }, context);
  const inner: VsockTarget = { kind: 'vsock', cid };
  return routeToHop({ kind: 'via', host, target: `vsock/${cid}`, inner }, context);
}
