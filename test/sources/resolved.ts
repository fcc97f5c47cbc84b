import type { Reachable } from '../../src/sources/source.js';

/** A found machine by its first route, with all steps to it, for comparing; without what its source lists. */
export function byFirstRoute({
  steps,
  routes: [first, ...rest],
  joined: _,
  machine: _found,
  ...machine
}: Reachable) {
  return {
    ...machine,
    endpoint: first?.endpoint,
    steps: [...steps, ...(first?.steps ?? [])],
    ...(rest.length > 0 ? { rest: rest.map(({ endpoint, steps }) => ({ endpoint, steps })) } : {}),
  };
}
