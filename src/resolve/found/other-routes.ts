import { DiscoveryError } from '../../discovery/discovery-error.js';
import type { DiscoveredMachine } from '../../discovery/provider.js';
import { execBy } from '../../discovery/tools/exec-route.js';
import { ConnectError } from '../../errors.js';
import type { ListedRoute, Route } from '../../route.js';
import type { Resolution, ResolveContext } from '../resolution.js';
import { resolveSshAddress } from '../ssh-address.js';

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
export function askedIp(addressOf: AddressOf, context: ResolveContext): NonNullable<Resolution['askIp']> {
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
    if (address !== undefined) return resolveSshAddress(address, context);
    throw new ConnectError('resolve', context.text, {
      ...{ code: 'NOT_FOUND', problem: 'its manager knows no IP address for it' },
      hint: 'use --wait if it is booting, or another route: vmssh check --until resolved',
    });
  };
}

/** A listed route of a machine, which its manager knows by this name. */
export function listedRoute(listed: ListedRoute, machine: string, context: ResolveContext): Route {
  if (listed.route === 'exec') return execBy(listed.command, machine, context.port);
  return resolveSshAddress(listed.address, context);
}
