import { openConnection } from '../connect/open.js';
import { formatEndpoint } from '../endpoint.js';
import { ConnectError } from '../errors.js';
import type { Resolution } from '../resolve/resolution.js';
import { type Route, routeFacts, routeOf } from '../route.js';
import type { OnRoute } from '../routes/by-routes.js';
import { allRoutes } from '../routes/plan.js';
import { awaitBanner } from '../ssh/await-banner.js';
import type { CheckedRoute } from './result.js';

interface CheckRoutesOptions {
  /** The target as typed. */
  readonly text: string;
  /** For each route. */
  readonly timeoutMs: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Gets each route that is tried. */
  readonly onStage: (next: string) => void;
}

/** What came of the routes that a login tried, in their order. */
export function triedRoutes(): { readonly onRoute: OnRoute; readonly tried: readonly CheckedRoute[] } {
  const tried: CheckedRoute[] = [];
  const onRoute: OnRoute = ({ endpoint }, { banner, error }) => {
    const address = formatEndpoint(endpoint);
    const route = routeOf(endpoint);
    if (route === undefined) return;
    // With --wait all are tried again: the last time counts.
    const at = tried.findIndex((each) => each.address === address);
    if (at >= 0) tried.splice(at, 1);
    tried.push(
      error
        ? { route, address, state: 'failed', found: error.problem }
        : { route, address, state: 'ok', found: banner ?? 'it is open' },
    );
  };
  return { onRoute, tried };
}

/** Those and, after a login, the machine's other routes: each is tried, but none over a network. */
export async function checkRoutes(
  resolution: Resolution,
  tried: readonly CheckedRoute[],
  options: CheckRoutesOptions,
): Promise<readonly CheckedRoute[]> {
  const results = [...tried];
  const others = await allRoutes(resolution).catch(() => []);
  for (const route of others) {
    const address = formatEndpoint(route.endpoint);
    if (results.some((each) => each.address === address)) continue;
    options.onStage(`route ${route.name}`);
    results.push({ route: route.name, address, ...(await tryRoute(route, options)) });
  }
  if (resolution.ip && !results.some(({ route }) => route === 'ip'))
    results.push({ route: 'ip', state: 'skipped', found: routeFacts.ip.needs });
  return results;
}

async function tryRoute(
  { endpoint }: Route,
  { text, timeoutMs, env, signal }: CheckRoutesOptions,
): Promise<Pick<CheckedRoute, 'state' | 'found'>> {
  try {
    const connection = await openConnection(endpoint, { target: text, timeoutMs, signal, env });
    try {
      return { state: 'ok', found: await awaitBanner(connection, text, timeoutMs, signal) };
    } finally {
      connection.close();
    }
  } catch (error) {
    if (!(error instanceof ConnectError) || error.code === 'INTERRUPTED') throw error;
    return { state: 'failed', found: error.problem };
  }
}
