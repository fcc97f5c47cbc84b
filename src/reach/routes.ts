import { ConnectError } from '../base/errors.js';
import type { Env } from '../base/runtime.js';
import type { Reachable } from '../sources/source.js';
import { isSshPort } from '../typed/numbers.js';
import { type Route, type RouteName, routesAfter } from '../typed/route.js';

export interface Turn extends Candidate {
  /** How many are known to follow: the time that is left is for all of them. */
  readonly after: number;
  /** Whether it is open only once an SSH banner came. */
  readonly waits: boolean;
}

interface Candidate {
  readonly name: Route['name'];
  /** An IP address may have to be asked for, in a part of `leftMs`. Throws a ConnectError, also if the route lacks the port. */
  find(leftMs?: number): Promise<Route>;
  /** Why it comes before the machine's usual first route. */
  readonly why?: string;
  readonly remember?: ((name: Candidate['name']) => Promise<void>) | undefined;
}

export interface RoutesOptions {
  readonly text: string;
  /** 22 stands for the SSH server, wherever a route has it; another port is that port. */
  readonly port: number;
  /** The only routes to try, in this order; undefined: the machine's own, and no network if there is another. */
  readonly only?: readonly RouteName[];
  /** Whether the banner of the only route is awaited, too; undefined: if it was chosen. */
  readonly untilBanner?: boolean;
  /** For the file of the routes that worked last time; undefined: it is not read. */
  readonly env?: Env;
}

/** A machine's routes, best first. Nothing is asked for a route before its turn. Throws a ConnectError if it has none of `only`. */
export function routesOf(
  machine: Reachable,
  options: RoutesOptions,
): AsyncGenerator<Turn, void> | readonly [Turn] {
  const { port, only, untilBanner = false } = options;
  const [route, ...others] = machine.routes;
  // An address, and nearly every machine: each login waits for this.
  if (route && others.length === 0 && !only && !machine.joined)
    return [{ ...candidate(route, machine, options), after: 0, waits: isSshPort(port) && untilBanner }];
  return severalRoutes(machine, options);
}

async function* severalRoutes(machine: Reachable, options: RoutesOptions): AsyncGenerator<Turn, void> {
  const { port, only, untilBanner } = options;
  let isFirst = true;
  for await (const group of only ? chosen(machine, only, options) : usual(machine, options)) {
    for (const [at, candidate] of group.candidates.entries()) {
      const after = group.candidates.length - at - 1 + group.after;
      const isOnly = isFirst && after === 0;
      isFirst = false;
      // Another server than that of SSH may wait for the client to begin.
      const waits = isSshPort(port) && (!isOnly || (untilBanner ?? only !== undefined));
      yield { ...candidate, after, waits };
    }
  }
}

/** All of them, but an IP address that has to be asked for only if it was chosen. Throws a ConnectError if there is none. */
export async function allRoutes(
  machine: Reachable,
  options: RoutesOptions,
  most = Number.POSITIVE_INFINITY,
): Promise<readonly [Route, ...Route[]]> {
  const all: Route[] = [];
  const errors: unknown[] = [];
  for await (const turn of routesOf(machine, options)) {
    try {
      all.push(await turn.find());
    } catch (error) {
      errors.push(error);
    }
    if (all.length === most) break;
  }
  const [first, ...others] = all;
  if (!first) throw errors[0];
  return [first, ...others];
}

/** The first of them that has the port, before anything is opened. Throws a ConnectError if there is none. */
export async function firstRoute(machine: Reachable, options: RoutesOptions): Promise<Route> {
  return (await allRoutes(machine, options, 1))[0];
}

/** Whether it has an IP address that is used only if it is chosen. */
export function hasIp({ askIp, routes: [_first, ...others] }: Reachable): boolean {
  return askIp !== undefined || others.some(({ network }) => network);
}

/** What worked last time, then the source's others, then those of other sources. A network only if it is the first: nothing goes there by surprise. */
async function* usual(machine: Reachable, options: RoutesOptions) {
  const { text, port, env } = options;
  const own = machine.routes.filter(
    ({ endpoint, network }, at) => at === 0 || (!network && (isSshPort(port) || 'port' in endpoint)),
  );
  const memory =
    own.length > 1 && isSshPort(port) && env
      ? await (await import('../book/remembered.js')).memoryOf(text, own[0]?.name, env)
      : undefined;
  const candidateFor = (route: Route): Candidate => ({
    ...candidate(route, machine, options),
    remember: memory?.keep,
  });
  const isLast = ({ name }: Route) => name === memory?.last;
  const [last, ...others] = own.findIndex(isLast) === 0 ? [] : own.filter(isLast);
  const why = `${memory?.last} first: it worked last time`;
  const candidates = last
    ? [
        { ...candidateFor(last), why },
        ...others.map(candidateFor),
        ...own.filter((route) => !isLast(route)).map(candidateFor),
      ]
    : own.map(candidateFor);
  yield { candidates, after: 0 };
  yield { candidates: (await joinRoutes(machine)).map(candidateFor), after: 0 };
}

/** The routes with these names, in this order. Other sources are asked only for one that the machine's own does not have. */
async function* chosen(machine: Reachable, only: readonly RouteName[], options: RoutesOptions) {
  const { routes, askIp } = machine;
  const candidateFor = (route: Route) => candidate(route, machine, options);
  const all: Candidate[] = routes.map(candidateFor);
  if (askIp)
    all.push({
      name: 'ip',
      find: async (ms) => withPort(await askIp(ms && timeToAsk(ms)), machine, options),
    });
  const groups = [...new Set(only)].map((name) => ({
    name,
    known: all.filter((candidate) => candidate.name === name),
  }));
  let others: readonly Candidate[] | undefined;
  let isNone = true;
  for (const [at, { name, known }] of groups.entries()) {
    if (known.length === 0) others ??= (await joinRoutes(machine)).map(candidateFor);
    const candidates =
      known.length > 0 ? known : (others ?? []).filter((candidate) => candidate.name === name);
    isNone &&= candidates.length === 0;
    yield { candidates, after: groups.slice(at + 1).flatMap((each) => each.known).length };
  }
  if (isNone) throw noRoute(only, [...all, ...(others ?? [])], options.text);
}

function candidate(route: Route, machine: Reachable, options: RoutesOptions): Candidate {
  return { name: route.name, find: () => withPort(route, machine, options) };
}

async function withPort(route: Route, machine: Reachable, { text, port, only }: RoutesOptions) {
  if (isSshPort(port)) return route;
  const { requirePort } = await import('../typed/port.js');
  requirePort(route.endpoint, port, text, !only && hasIp(machine));
  return route;
}

/** What other sources have for the machine, and its own does not. */
async function joinRoutes({ routes, joined }: Reachable): Promise<readonly Route[]> {
  return routesAfter(routes, (await joined?.().catch(() => [])) ?? []);
}

/** Of the time that is left, what may be spent on asking for an address: the connection itself needs little. Milliseconds. */
function timeToAsk(leftMs: number): number {
  return Math.max(leftMs / 2, leftMs - maxToConnect);
}

const maxToConnect = 2000;

function noRoute(only: readonly RouteName[], all: readonly Candidate[], text: string): ConnectError {
  const has = [...new Set(all.map(({ name }) => name))].filter((name) => name !== 'via');
  const known = has.length === 0 ? 'its hypervisor chooses one there' : `it has ${has.join(' and ')}`;
  return new ConnectError('resolve', text, {
    code: 'NOT_FOUND',
    problem: `it has no route ${only.join(' or ')}: ${known}`,
    hint:
      has.length === 0
        ? 'leave --route out'
        : `--route ${has.join(' or --route ')}; docs/routes.md says what each needs`,
  });
}
