import { routesTo } from '../../src/sources/routes.js';
import type { Reachable } from '../../src/sources/source.js';

/** A found machine by its first route, with all steps to it, for comparing; with the login that its source knows. */
export function byFirstRoute({
  steps,
  routes: [first, ...rest],
  joined: _,
  machine: found,
  ...machine
}: Reachable) {
  return {
    ...machine,
    user: found?.user,
    identityFile: found?.identityFile,
    endpoint: first?.endpoint,
    steps: [...steps, ...(first?.steps ?? [])],
    ...(rest.length > 0 ? { rest: rest.map(({ endpoint, steps }) => ({ endpoint, steps })) } : {}),
  };
}

/** A machine's routes to these addresses. */
export const at = (...addresses: readonly string[]) => ({ routes: routesTo(addresses) });
