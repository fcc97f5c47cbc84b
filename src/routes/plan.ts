import { sshPort } from '../address/port.js';
import { formatEndpoint } from '../endpoint.js';
import { ConnectError } from '../errors.js';
import type { Resolution } from '../resolve/resolution.js';
import { type Route, type RouteName, routeOf } from '../route.js';
import { rememberedRoute, rememberRoute } from './remembered.js';

export interface RoutePlanOptions {
  /** The target as typed. */
  readonly text: string;
  readonly port: number;
  /** Milliseconds for all routes together. */
  readonly timeoutMs: number;
  /** The only routes to try, in this order; undefined: the machine's own, the one that worked last time first. */
  readonly routes?: readonly RouteName[] | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The routes to try. */
export interface RoutePlan {
  readonly routes: readonly Route[];
  /** Those that are tried after all of `routes` have failed; asking for them may take `leftMs`. Throws a ConnectError. */
  readonly more?: ((leftMs: number) => Promise<readonly Route[]>) | undefined;
  /** What they are called if they cannot be asked for: "ip". */
  readonly moreName?: string | undefined;
  /** Why they are in another order than the machine's own. */
  readonly why?: string | undefined;
  /** Keeps the one that worked, to try it first next time. */
  readonly remember?: ((route: Route) => Promise<void>) | undefined;
}

/** The routes to try, and in which order. Throws a ConnectError if the machine has none of those that were asked for. */
export async function planOf(resolution: Resolution, options: RoutePlanOptions): Promise<RoutePlan> {
  const { text, port, routes, timeoutMs, env } = options;
  if (routes) return chosenPlan(resolution, [...new Set(routes)], text, timeoutMs);
  const [first] = firstRoute(resolution);
  const { others } = resolution;
  if (first === undefined || others === undefined) return { routes: first ? [first] : [] };
  // To another port, a route that has none leads nowhere.
  if (port !== sshPort)
    return {
      routes: [first],
      more: async () => (await others()).filter(({ endpoint }) => 'port' in endpoint),
    };
  const last = await rememberedRoute(text, env);
  const remember = async (route: Route) => {
    const isUsual = route.name === first.name;
    if (route.name !== (last ?? first.name)) await rememberRoute(text, isUsual ? undefined : route.name, env);
  };
  if (last === undefined || last === first.name) return { routes: [first], more: others, remember };
  const all = await others().catch(() => []);
  const isLast = ({ name }: Route) => name === last;
  if (!all.some(isLast)) return { routes: [first, ...all], remember };
  return {
    routes: [...all.filter(isLast), first, ...all.filter((route) => !isLast(route))],
    why: `${last} first: it worked last time`,
    remember,
  };
}

/** All routes of a machine, best first, without an IP address that has to be asked for. Throws a ConnectError. */
export async function allRoutes(resolution: Resolution): Promise<readonly Route[]> {
  const others = (await resolution.others?.()) ?? [];
  const own = [...firstRoute(resolution), ...others];
  const known = new Set(own.map(({ endpoint }) => formatEndpoint(endpoint)));
  const joined = (await resolution.joined?.().catch(() => [])) ?? [];
  return [...own, ...joined.filter(({ endpoint }) => !known.has(formatEndpoint(endpoint)))];
}

/**
 * The routes of a machine with these names, in this order. `leftMs`: for asking for its IP address. Throws a ConnectError if it
 * has none of them.
 */
export async function chosenRoutes(
  resolution: Resolution,
  names: readonly RouteName[],
  text: string,
  leftMs?: number,
): Promise<readonly Route[]> {
  const without = await maybeNamed(resolution, names);
  let failed: unknown;
  const asked = names.includes('ip')
    ? await resolution.ip?.(leftMs).catch((error) => {
        failed = error;
        return undefined;
      })
    : undefined;
  const all = [...without, ...(asked ? [asked] : [])];
  const chosen = named(all, names);
  if (chosen.length > 0) return chosen;
  // Another route that was asked for does without the address.
  if (failed !== undefined) throw failed;
  const has = [...new Set(all.map(({ name }) => name))];
  const known = has.length === 0 ? 'its hypervisor chooses one there' : `it has ${has.join(' and ')}`;
  throw new ConnectError('resolve', text, {
    code: 'NOT_FOUND',
    problem: `it has no route ${names.join(' or ')}: ${known}`,
    hint:
      has.length === 0
        ? 'leave --route out'
        : `--route ${has.join(' or --route ')}; docs/routes.md says what each needs`,
  });
}

/** The address is asked for only after the routes before it have failed: that may take seconds. */
async function chosenPlan(
  resolution: Resolution,
  names: readonly RouteName[],
  text: string,
  timeoutMs: number,
): Promise<RoutePlan> {
  const before = names.slice(0, names.indexOf('ip'));
  const first =
    resolution.ip && names.includes('ip') ? named(await maybeNamed(resolution, before), before) : [];
  if (first.length === 0)
    return { routes: await chosenRoutes(resolution, names, text, timeToAsk(timeoutMs)) };
  const rest = names.slice(before.length);
  return {
    routes: first,
    more: (leftMs) => chosenRoutes(resolution, rest, text, timeToAsk(leftMs)),
    moreName: rest.join(', '),
  };
}

/** Of the time that is left, what may be spent on asking for an address: the connection itself needs little. Milliseconds. */
function timeToAsk(leftMs: number): number {
  return Math.max(leftMs / 2, leftMs - mostToConnect);
}

const mostToConnect = 2000;

/** All routes, or only the first if no other has one of these names. */
async function maybeNamed(resolution: Resolution, names: readonly RouteName[]): Promise<readonly Route[]> {
  const first = firstRoute(resolution);
  const isFirst = first.some(({ name }) => names.every((each) => each === name));
  return isFirst ? first : allRoutes(resolution);
}

function named(all: readonly Route[], names: readonly RouteName[]): readonly Route[] {
  return [...new Set(names)].flatMap((wanted) => all.filter(({ name }) => name === wanted));
}

function firstRoute({ endpoint, steps }: Resolution): readonly Route[] {
  const name = routeOf(endpoint);
  return name === undefined ? [] : [{ name, endpoint, steps }];
}
