import { DiscoveryError } from '../../discovery/discovery-error.js';
import type { DiscoveredMachine } from '../../discovery/provider.js';
import { isOnNetwork } from '../../discovery/routes.js';
import { execBy } from '../../discovery/tools/exec-route.js';
import { ConnectError } from '../../errors.js';
import type { ListedRoute, Route } from '../../route.js';
import type { Resolution, ResolveContext } from '../resolution.js';
import { resolveSshAddress } from '../ssh-address.js';

/** The routes after the first: those to an address on the network are only for `ip`. */
export function restOf(
  listed: readonly ListedRoute[],
  machine: string,
  context: ResolveContext,
): Pick<Resolution, 'others' | 'ip'> {
  const ip = listed.find(isOnNetwork);
  const others = listed.filter((route) => !isOnNetwork(route));
  return {
    ...(others.length === 0
      ? {}
      : { others: async () => others.map((each) => listedRoute(each, machine, context)) }),
    ...(ip === undefined ? {} : { ip: async () => listedRoute(ip, machine, context) }),
  };
}

/** The routes that only other sources have for a machine. */
export async function joinedTo(found: DiscoveredMachine, context: ResolveContext): Promise<readonly Route[]> {
  const { routesOfOthers } = await import('../../discovery/vmm/routes-of-others.js');
  const routes = await routesOfOthers(found, context);
  return routes.map((each) => listedRoute(each, found.name, context));
}

/** Asks a manager for the IP address of a machine within `timeoutMs`. */
export type AddressOf = (timeoutMs: number) => Promise<string | undefined>;

/** For asking a manager. Milliseconds. */
const longestMs = 20_000;

/** The route to an IP address that its manager has to be asked for. */
export function askedIp(addressOf: AddressOf, context: ResolveContext): NonNullable<Resolution['ip']> {
  return async (leftMs = longestMs) => {
    const address = await addressOf(Math.min(leftMs, longestMs)).catch((cause) => {
      context.signal?.throwIfAborted();
      if (!(cause instanceof DiscoveryError)) throw cause;
      throw new ConnectError('resolve', context.text, {
        code: 'NOT_FOUND',
        problem: `its IP address could not be asked for: ${cause.message}`,
        hint: cause.hint,
        cause,
      });
    });
    return address === undefined ? undefined : { name: 'ip', ...resolveSshAddress(address, context) };
  };
}

/** A listed route of a machine, which its manager knows by this name. */
export function listedRoute(listed: ListedRoute, machine: string, context: ResolveContext): Route {
  if (listed.route === 'exec') return { name: 'exec', ...execBy(listed.command, machine, context.port) };
  const { endpoint, steps } = resolveSshAddress(listed.address, context);
  return { name: listed.route, endpoint, steps };
}
