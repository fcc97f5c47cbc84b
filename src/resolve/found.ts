import type { DiscoveredMachine } from '../discovery/provider.js';
import { ConnectError, quote } from '../errors.js';
import type { Resolution, ResolveContext } from './resolution.js';
import { resolveSshAddress } from './ssh-address.js';

/** Where a listed machine leads. `hints`: what starts it, and what gives it an address. */
export function resolveDiscovered(
  found: DiscoveredMachine,
  context: ResolveContext,
  hints: { readonly start: string; readonly address: string },
): Resolution {
  const { name, provider, status, address, user, identityFile } = found;
  const fail = (problem: string, hint: string) =>
    new ConnectError('resolve', context.text, { code: 'NOT_FOUND', problem, hint });
  if (status !== 'running' && status !== 'starting' && status !== 'unknown')
    throw fail(`${provider} knows ${quote(name)}, and it is ${status}`, hints.start);
  if (address === undefined)
    throw fail(
      `${provider} knows ${quote(name)}, but neither a vsock CID nor an address of it`,
      hints.address,
    );
  const { endpoint, steps } = resolveSshAddress(address, context);
  return {
    endpoint,
    steps: [`${provider} knows ${quote(name)} (${status})`, ...steps],
    ...(identityFile === undefined ? {} : { identityFile }),
    ...(user === undefined ? {} : { user }),
  };
}
