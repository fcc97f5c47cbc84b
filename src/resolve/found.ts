import type { DiscoveredMachine } from '../discovery/provider.js';
import { ConnectError, quote } from '../errors.js';
import type { Resolution, ResolveContext } from './resolution.js';
import { resolveSshAddress } from './ssh-address.js';

/** The endpoint of a listed machine. `hints`: how to start it, and how to give it an address. */
export function resolveDiscovered(
  found: DiscoveredMachine,
  context: ResolveContext,
  hints: { readonly start: string; readonly address: string },
): Resolution {
  const { name, provider, status, address, user, identityFile } = found;
  const fail = (problem: string, hint: string) =>
    new ConnectError('resolve', context.text, { code: 'NOT_FOUND', problem, hint });
  const problem = notUp(found, provider);
  if (problem !== undefined) throw fail(problem, hints.start);
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

/** Why a machine that is off, paused or saved does not answer; undefined if it may be up. `who` knows it. */
export function notUp(
  { name, status }: Pick<DiscoveredMachine, 'name' | 'status'>,
  who: string,
): string | undefined {
  const mayBeUp = status === 'running' || status === 'starting' || status === 'unknown';
  return mayBeUp ? undefined : `${who} knows ${quote(name)}, and it is ${status}`;
}
