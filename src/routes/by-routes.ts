import { sshPort } from '../address/port.js';
import { now } from '../clock.js';
import type { Connection } from '../connect/connection.js';
import { type Endpoint, formatEndpoint } from '../endpoint.js';
import { ConnectError } from '../errors.js';
import type { Interruption } from '../interruption.js';
import type { Resolution } from '../resolve/resolution.js';
import { type Route, routeOf } from '../route.js';
import { awaitBanner } from '../ssh/await-banner.js';
import { requirePort } from '../target/port.js';
import { allFailed, type FailedRoute } from './all-failed.js';
import { planOf, type RoutePlan, type RoutePlanOptions } from './plan.js';

export interface ByRoutesOptions extends RoutePlanOptions {
  readonly signal?: Interruption | undefined;
  /** Opens one of them. Throws a ConnectError. */
  readonly open: (route: Route, timeoutMs: number) => Promise<Connection>;
  /** Whether a banner is awaited from the only route, too; undefined: if it is one of `routes`. */
  readonly looks?: boolean | undefined;
  /** What is tried next, and why. */
  readonly trace?: ((outcome: string, endpoint?: Endpoint) => void) | undefined;
  readonly onRoute?: OnRoute | undefined;
}

/** Called after each route that was tried, with its banner, or with the error that stopped it. */
export type OnRoute = (
  route: Pick<Route, 'endpoint'>,
  result: { readonly banner?: string; readonly error?: ConnectError },
) => void;

/**
 * Opens the first route of a machine that leads to an SSH server. Each gets an equal share of the time that is left. It is given
 * up if it refuses, or if no banner comes by then; the banner is not taken. Throws a ConnectError with the reason of each route.
 */
export async function openByRoutes(resolution: Resolution, options: ByRoutesOptions): Promise<Connection> {
  const until = now() + options.timeoutMs;
  return tryRoutes(await planOf(resolution, options), resolution, until, [], options);
}

/**
 * After the only route that a machine's own source has failed with `error`: opens one that another source has for it. Throws
 * `error` if there is none.
 */
export function openJoined(
  resolution: Resolution,
  error: ConnectError,
  options: ByRoutesOptions,
): Promise<Connection> {
  const first = { name: routeOf(resolution.endpoint) ?? 'via', error };
  return tryRoutes({ routes: [] }, resolution, now() + options.timeoutMs, [first], options);
}

async function tryRoutes(
  plan: RoutePlan,
  resolution: Resolution,
  until: number,
  before: readonly FailedRoute[],
  options: ByRoutesOptions,
): Promise<Connection> {
  const { text, port, trace, onRoute } = options;
  const failed = [...before];
  const tried = new Set(before.length > 0 ? [formatEndpoint(resolution.endpoint)] : []);
  const fail = (error: unknown, name: string) => {
    if (!(error instanceof ConnectError) || error.code === 'INTERRUPTED') throw error;
    failed.push({ name, error });
    return error;
  };
  if (plan.why !== undefined) trace?.(plan.why);
  let { routes: left, more } = plan;
  let joined = options.routes ? undefined : resolution.joined;
  const isOnly = left.length === 1 && more === undefined;
  // Another server than that of SSH may wait for the client to begin.
  const waits = port === sshPort && (!isOnly || (options.looks ?? options.routes !== undefined));
  for (;;) {
    const [route, ...others] = left;
    if (route === undefined) {
      if (more === undefined) {
        const all = until > now() && joined ? await joined().catch(() => []) : [];
        left = all.filter(({ endpoint }) => !tried.has(formatEndpoint(endpoint)));
        joined = undefined;
        if (left.length === 0) throw allFailed(failed);
        for (const { error } of before) onRoute?.(resolution, { error });
        continue;
      }
      left = await more(Math.max(1, until - now())).catch((error) => {
        fail(error, plan.moreName ?? 'other routes');
        return [];
      });
      more = undefined;
      continue;
    }
    left = others;
    tried.add(formatEndpoint(route.endpoint));
    const leftMs = Math.max(1, until - now()) / (1 + others.length + (more ? 1 : 0));
    try {
      if (failed.length > 0)
        trace?.(`next: ${route.name}, ${formatEndpoint(route.endpoint)}`, route.endpoint);
      if (port !== sshPort)
        requirePort(route.endpoint, port, text, resolution.ip !== undefined && !options.routes);
      const { connection, banner } = await openAndLook(route, leftMs, waits, options);
      onRoute?.(route, { ...(banner === undefined ? {} : { banner }) });
      if (waits && plan.remember) await plan.remember(route);
      return connection;
    } catch (error) {
      const known = fail(error, route.name);
      onRoute?.(route, { error: known });
      trace?.(`${route.name}: ${known.problem}`);
    }
  }
}

async function openAndLook(
  route: Route,
  leftMs: number,
  waits: boolean,
  { text, signal, open }: ByRoutesOptions,
): Promise<{ readonly connection: Connection; readonly banner?: string }> {
  const until = now() + leftMs;
  const connection = await open(route, leftMs);
  if (!waits) return { connection };
  try {
    return { connection, banner: await awaitBanner(connection, text, Math.max(1, until - now()), signal) };
  } catch (error) {
    connection.close();
    throw error;
  }
}
