import { hopHostProblem } from '../address/names.js';
import { quote } from '../errors.js';
import type { Route } from '../route.js';
import { atPort } from '../target/port.js';
import { routeToHop } from '../target/routes.js';
import type { VsockTarget } from '../target/target.js';
import type { Asked } from './no-machine.js';
import { ipRoute, notFound, restarting, whyOff } from './not-up.js';
import type { DiscoveredMachine, Search, Warning } from './provider.js';
import { addressRoute } from './routes.js';
import { searchSource } from './search.js';
import type { Resolution, ResolveContext, Source } from './source.js';

/** Loads a source: the next is not even loaded while one before it has the machine. */
export type LoadSource = () => Promise<Source>;

/** For one query to a source, which may have to start a daemon first. Milliseconds. */
const searchMs = 10_000;

/**
 * Asks sources for a machine, one after the other, up to the first that does not say that it has none of the name. `asked`: who is
 * named in errors, if not that source. Throws a ConnectError.
 */
export async function findMachine(
  sources: readonly LoadSource[],
  name: string,
  context: ResolveContext,
  asked?: Asked,
): Promise<Resolution> {
  const unknown: Extract<Search<DiscoveredMachine, Warning>, { outcome: 'unknown' }>[] = [];
  let first: Source | undefined;
  for (const load of sources) {
    const source = await load();
    first ??= source;
    const search = await searchSource(source, name, { timeoutMs: source.searchMs ?? searchMs, ...context });
    context.signal?.throwIfAborted();
    if (search.outcome === 'unknown') {
      unknown.push(search);
      continue;
    }
    const warnings = [...unknown, search].flatMap((each) => ('warnings' in each ? each.warnings : []));
    if (search.outcome !== 'found' || warnings.length > 0) {
      const { machineOrThrow, refuseIfSilent } = await import('./no-machine.js');
      const found = machineOrThrow(search, name, context.text, asked ?? askedOf(source));
      refuseIfSilent(found, name, context.text, warnings);
    }
    if (search.outcome === 'found') return resolveListed(search.machine, source, context);
  }
  const { machineOrThrow } = await import('./no-machine.js');
  const none = {
    ...({ outcome: 'unknown', tried: unknown.flatMap(({ tried = [] }) => tried) } as const),
    known: [...new Set(unknown.flatMap(({ known }) => known))],
    warnings: unknown.flatMap(({ warnings }) => warnings),
  };
  return machineOrThrow(none, name, context.text, asked ?? askedOf(first));
}

function askedOf({ name, title, listCommand, hints }: Partial<Source> = {}): Asked {
  return { title: title ?? '', hints: { unknown: listCommand ?? `vmssh list --provider ${name}`, ...hints } };
}

/** A listed machine, to be reached by what its source says. Throws a ConnectError if it is off, or has no route. */
export async function resolveListed(
  found: DiscoveredMachine,
  source: Source,
  context: ResolveContext,
): Promise<Resolution> {
  const { name, provider, status, uuid, user, identityFile } = found;
  const start = await source.start?.(found, context.env);
  const off = whyOff(found, start, context);
  if (off) throw notFound(context, off);
  const trouble = restarting(found, start, context);
  const known: Resolution = {
    steps: [`${provider} knows ${quote(name)} (${status})`],
    routes: [],
    machine: found,
    ...{ uuid, identityFile, user, trouble },
    joined: () => joinedTo(found, context),
  };
  if (found.via !== undefined) {
    return { ...known, joined: undefined, routes: [routeBehind(found, found.via, context)] };
  }
  const { ipOf } = source;
  const askIp = ipOf && ipRoute((deps) => ipOf(found, deps), source, context);
  const more = await source.resolve?.(found, context);
  const machine = { ...known, askIp, routes: routesAt(found, context), ...more };
  if (machine.routes.length > 0 || (askIp && context.routes?.includes('ip'))) return machine;
  if (status === 'starting')
    throw notFound(context, {
      ...{ problem: `${quote(name)} is starting, and has no address yet`, hint: 'use --wait until it is up' },
      ...(trouble && { problem: `${quote(name)} is not up: ${trouble.problem}`, hint: trouble.hint }),
    });
  const { unknown } = askedOf(source).hints;
  throw notFound(context, {
    problem: `${provider} knows ${quote(name)}, but neither its vsock CID nor an address`,
    hint: source.hints?.address?.(found) ?? (source.listCommand ? `is it up? ${unknown}` : unknown),
  });
}

/** The route to a machine that its manager has on another host: by its CID any tool there reaches it, by its name vmssh does. */
function routeBehind({ target, cid }: DiscoveredMachine, host: string, context: ResolveContext): Route {
  const problem = hopHostProblem(host);
  if (problem !== undefined) throw notFound(context, { problem });
  if (cid === undefined)
    return routeToHop({ kind: 'via', host, target: target.slice(`via/${host}/`.length) }, context);
  const inner: VsockTarget = { kind: 'vsock', cid };
  return routeToHop({ kind: 'via', host, target: `vsock/${cid}`, inner }, context);
}

/** Throws a ConnectError if the address of a machine cannot be used. */
function routesAt({ routes, address }: DiscoveredMachine, context: ResolveContext): readonly Route[] {
  if (routes) return routes.map((each) => atPort(each, context.port));
  return address === undefined ? [] : [addressRoute(address, context)];
}

/** The routes that only other sources have for a machine. */
async function joinedTo(found: DiscoveredMachine, context: ResolveContext): Promise<readonly Route[]> {
  const { routesOfOthers } = await import('./other-routes.js');
  return (await routesOfOthers(found, context)).map((each) => atPort(each, context.port));
}
