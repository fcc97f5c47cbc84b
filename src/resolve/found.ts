import { hopHostProblem } from '../address/hop-host.js';
import type { DiscoveredMachine } from '../discovery/provider.js';
import { ConnectError, quote } from '../errors.js';
import type { ViaTarget, VsockTarget } from '../target/target.js';
import type { Resolution, ResolveContext } from './resolution.js';
import { resolveSshAddress } from './ssh-address.js';
import { resolveVia } from './via.js';

/** The endpoint of a listed machine. `hints`: how to start it, and how to give it an address. */
export function resolveDiscovered(
  found: DiscoveredMachine,
  context: ResolveContext,
  hints: { readonly start: string; readonly address: string },
): Resolution {
  const { name, provider, status, address, user, identityFile } = found;
  const fail = (problem: string, hint: string) =>
    new ConnectError('resolve', context.text, { code: 'NOT_FOUND', problem, hint });
  const problem = notUp(found);
  if (problem !== undefined) throw fail(problem, hints.start);
  const steps = [`${provider} knows ${quote(name)} (${status})`];
  if (found.via !== undefined) {
    const { endpoint, steps: hop } = resolveVia(behind(found, found.via, context.text), context);
    return { endpoint, steps: [...steps, ...hop] };
  }
  if (address === undefined)
    throw fail(`${provider} knows ${quote(name)}, but neither its vsock CID nor an address`, hints.address);
  const reached = resolveSshAddress(address, context);
  return {
    endpoint: reached.endpoint,
    steps: [...steps, ...reached.steps],
    ...(identityFile === undefined ? {} : { identityFile }),
    ...(user === undefined ? {} : { user }),
  };
}

/** A machine that its manager has on another host: by its CID any tool there reaches it, by its name vmssh does. */
function behind({ target, cid }: DiscoveredMachine, host: string, text: string): ViaTarget {
  const problem = hopHostProblem(host);
  if (problem !== undefined) throw new ConnectError('resolve', text, { code: 'NOT_FOUND', problem });
  if (cid === undefined) return { kind: 'via', host, target: target.slice(`via/${host}/`.length) };
  const inner: VsockTarget = { kind: 'vsock', cid };
  return { kind: 'via', host, target: `vsock/${cid}`, inner };
}

/** Why a machine that is off, paused or saved does not answer; undefined if it may be up. */
export function notUp({ name, status }: Pick<DiscoveredMachine, 'name' | 'status'>): string | undefined {
  const mayBeUp = status === 'running' || status === 'starting' || status === 'unknown';
  return mayBeUp ? undefined : `${quote(name)} is ${status}`;
}
