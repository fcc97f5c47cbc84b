import { hopHostProblem } from '../address/names.js';
import { shellLine, shellOf, shellQuoted } from '../address/shell.js';
import { type DiscoveredMachine, DiscoveryError } from '../discovery/provider.js';
import { listedRoutes } from '../discovery/routes.js';
import { startImage, typedStart } from '../discovery/start-command.js';
import { execBy } from '../discovery/tools/exec-route.js';
import { ConnectError, quote, type StartCommand } from '../errors.js';
import type { ListedRoute, Route } from '../route.js';
import type { ViaTarget, VsockTarget } from '../target/target.js';
import type { Recheck, Resolution, ResolveContext } from './resolution.js';
import { resolveSshAddress } from './ssh-address.js';
import { resolveVia } from './via.js';

/**
 * The routes of a listed machine. `how`: it is started, and is given an address. `addressOf` asks for its IP address, if
 * that takes longer to find than the list.
 */
export async function resolveDiscovered(
  found: DiscoveredMachine,
  context: ResolveContext,
  how: { readonly start: StartCommand | undefined; readonly address: string },
  addressOf?: AddressOf,
): Promise<Resolution> {
  const { name, provider, status, uuid, user, identityFile } = found;
  const off = whyOff(found, how.start, context);
  if (off) throw new ConnectError('resolve', context.text, { code: 'NOT_FOUND', ...off });
  const trouble = restarting(found, how.start, context);
  const steps = [`${provider} knows ${quote(name)} (${status})`];
  if (found.via !== undefined) {
    const { endpoint, steps: hop } = resolveVia(behind(found, found.via, context.text), context);
    return { endpoint, steps: [...steps, ...hop], machine: found };
  }
  const [first, ...more] = listedRoutes(found);
  const asked = addressOf && askedIp(addressOf, context);
  const reached = first
    ? listedRoute(first, name, context)
    : context.routes?.includes('ip') && (await asked?.());
  if (!reached && status === 'starting')
    throw new ConnectError('resolve', context.text, {
      ...{ code: 'NOT_FOUND', problem: `${quote(name)} is starting, and has no address yet` },
      hint: 'use --wait until it is up',
      ...(trouble && { problem: `${quote(name)} is not up: ${trouble.problem}`, hint: trouble.hint }),
    });
  if (!reached)
    throw new ConnectError('resolve', context.text, {
      code: 'NOT_FOUND',
      problem: `${provider} knows ${quote(name)}, but neither its vsock CID nor an address`,
      hint: how.address,
    });
  return {
    endpoint: reached.endpoint,
    steps: [...steps, ...reached.steps],
    machine: found,
    uuid,
    identityFile,
    user,
    ...(trouble ? { trouble } : {}),
    ...(first && asked ? { askIp: asked } : {}),
    ...(more.length > 0 ? { rest: more.map((each) => listedRoute(each, name, context)) } : {}),
    joined: () => joinedTo(found, context),
  };
}

/** Why a container that seems to be up may not answer. */
function restarting(
  { container }: DiscoveredMachine,
  start: StartCommand | undefined,
  context: Pick<ResolveContext, 'platform' | 'env'>,
): Resolution['trouble'] {
  if (container?.restarts === undefined) return undefined;
  const line = start?.log && shellLine(start.log, shellOf(context));
  return { problem: container.restarts, hint: line ? `see why it ends: ${line}` : 'see why it ends' };
}

/** A machine that its manager has on another host: by its CID any tool there reaches it, by its name vmssh does. */
function behind({ target, cid }: DiscoveredMachine, host: string, text: string): ViaTarget {
  const problem = hopHostProblem(host);
  if (problem !== undefined) throw new ConnectError('resolve', text, { code: 'NOT_FOUND', problem });
  if (cid === undefined) return { kind: 'via', host, target: target.slice(`via/${host}/`.length) };
  const inner: VsockTarget = { kind: 'vsock', cid };
  return { kind: 'via', host, target: `vsock/${cid}`, inner };
}

/** Throws a ConnectError if a name that systemd-machined does not know is that of a container that is off. */
export function refuseOffImage(name: string, context: ResolveContext): void {
  const off = whyOff({ name, status: 'off' }, startImage(name, context.exists), context);
  if (off?.start) throw new ConnectError('resolve', context.text, { code: 'NOT_FOUND', ...off });
}

/** Why a machine that is off, paused or saved does not answer, and how it is started; undefined if it may be up. */
export function whyOff(
  { name, status }: Pick<DiscoveredMachine, 'name' | 'status'>,
  start: StartCommand | undefined,
  context: Pick<ResolveContext, 'text' | 'platform' | 'env'>,
): Recheck | undefined {
  if (status === 'running' || status === 'starting' || status === 'unknown') return undefined;
  const problem = `${quote(name)} is ${status}`;
  const isKept = status === 'paused' || status === 'saved';
  if (!start) return { problem, hint: isKept ? 'its manager can resume it' : 'start it again' };
  const shell = shellOf(context);
  const hint = `${typedStart(start, shell)}, or vmssh ssh --start ${shellQuoted(context.text, shell)}`;
  // One that is stopping has to be off first.
  return { problem, hint, ...(status === 'stopping' ? {} : { start }) };
}

/** The routes that only other sources have for a machine. */
export async function joinedTo(found: DiscoveredMachine, context: ResolveContext): Promise<readonly Route[]> {
  const { routesOfOthers } = await import('../discovery/vmm/routes-of-others.js');
  const routes = await routesOfOthers(found, context);
  return routes.map((each) => listedRoute(each, found.name, context));
}

/** Asks a manager for the IP address of a machine within `timeoutMs`. */
type AddressOf = (timeoutMs: number) => Promise<string | undefined>;

/** For asking a manager. Milliseconds. */
const maxMs = 20_000;

/** The route to an IP address that its manager has to be asked for. */
export function askedIp(addressOf: AddressOf, context: ResolveContext): NonNullable<Resolution['askIp']> {
  return async (leftMs = maxMs) => {
    const address = await addressOf(Math.min(leftMs, maxMs)).catch((cause) => {
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
