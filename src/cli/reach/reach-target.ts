import { statSync } from 'node:fs';
import { ConnectError, printable } from '../../base/errors.js';
import { kindOf, type TypedTarget } from '../../kinds/kinds.js';
import type { Io } from '../../process/io.js';
import { type OnRoute, type Reached, type ReachOptions, reach } from '../../reach/reach.js';
import { defaultWaitMs, type ReachFlags } from '../shared-options.js';
import type { Signals, Starter } from './start.js';

export interface ReachByOptions extends Pick<ReachFlags, 'timeoutMs' | 'waitMs' | 'routes'> {
  readonly port: number;
}

type During = Pick<ReachOptions, 'trace' | 'signal' | 'bring' | 'hostKeys' | 'untilBanner' | 'beforeOpen'>;

/** `reach` with a command's flags; says on stderr why it uses an IP address that was asked for after another route. */
export async function reachBy(
  typed: TypedTarget,
  { port, timeoutMs, waitMs, routes }: ReachByOptions,
  during: During & { readonly start: boolean },
  io: Io,
): Promise<Reached> {
  const { trace, signal, bring, hostKeys, untilBanner, beforeOpen: own } = during;
  const warn = socketWarning(io);
  const beforeOpen: typeof warn = (target, endpoint, machine) => {
    const warning = warn(target, endpoint, machine);
    if (!warning) return own?.(target, endpoint, machine);
    return warning.then(() => own?.(target, endpoint, machine));
  };
  const { env, platform } = io;
  let failed: ConnectError | undefined;
  const onRoute: OnRoute = (_route, { error }) => {
    failed = error ?? failed;
  };
  // Each login makes them, and a copy of some fields takes the time of three.
  const options: ReachOptions = {
    port,
    timeoutMs,
    waitMs,
    routes,
    trace,
    signal,
    bring,
    hostKeys,
    untilBanner,
    beforeOpen,
    onRoute,
    env,
    platform,
  };
  const reached = await reachOrStart(typed, options, during.start, io);
  const { endpoint } = reached.connection;
  if (routes && routes[0] !== 'ip' && failed && endpoint.family === 'tcp') {
    const instead = `by TCP to ${endpoint.host}:${endpoint.port} instead`;
    io.err(`${io.program}: ${printable(`${failed.message}; ${instead}`)}\n`);
  }
  return reached;
}

/** `reach`; with `start` a machine that is off is started. One that is up costs nothing more. */
export function reachOrStart(
  typed: TypedTarget,
  options: ReachOptions,
  start: boolean,
  io: Starter,
  host?: Signals,
): Promise<Reached> {
  return start ? orStart(typed, options, io, host) : reach(typed, options);
}

async function orStart(typed: TypedTarget, options: ReachOptions, io: Starter, host: Signals | undefined) {
  const starting = { ...options, startMs: options.waitMs ?? defaultWaitMs };
  try {
    return await reach(typed, { ...starting, waitMs: undefined });
  } catch (error) {
    if (!(error instanceof ConnectError) || error.code === 'INTERRUPTED') throw error;
    const { startAndReach } = await import('./start.js');
    return startAndReach(typed, starting, error, io, host);
  }
}

/** Warns on stderr, once, if a typed path is another user's socket: after its machine ended, anybody may have put one there. */
export function socketWarning(
  io: Io,
  uid = process.getuid?.(),
  ownerOf: (path: string) => number | undefined = statOwner,
): NonNullable<ReachOptions['beforeOpen']> {
  let warned = io.platform === 'win32';
  const trusted = new Set([0, uid]);
  const warnOf = async (owner: number, path: string) => {
    const { isSystemUser } = await import('../../sources/processes/system-user.js');
    if (await isSystemUser(owner, io)) return void trusted.add(owner);
    warned = true;
    const danger = `belongs to user ${owner}, who can answer in place of the machine`;
    io.err(`${io.program}: warning: ${printable(path)} ${danger}\n`);
  };
  return (target, endpoint) => {
    if (warned || kindOf(target).rest !== 'path' || !('path' in endpoint)) return undefined;
    const owner = ownerOf(endpoint.path);
    return owner === undefined || trusted.has(owner) ? undefined : warnOf(owner, endpoint.path);
  };
}

function statOwner(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined; // the connect says why
  }
}
