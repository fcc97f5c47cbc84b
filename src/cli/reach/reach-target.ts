import { statSync } from 'node:fs';
import { ConnectError, printable } from '../../errors.js';
import { kindOf, type TypedTarget } from '../../kinds/kinds.js';
import type { Io } from '../../process/io.js';
import { type OnRoute, type Reached, type ReachOptions, reach } from '../../reach/reach.js';
import { defaultWaitMs, type ReachFlags } from '../shared-options.js';
import type { Signals, Starter } from './start.js';

export interface ReachByOptions extends Omit<ReachFlags, 'verbose'>, TypedTarget {
  readonly port: number;
}

/** `reach` with a command's flags; says on stderr why it uses an IP address that was asked for after another route. */
export async function reachBy(
  { start, text, target, port, timeoutMs, waitMs, routes }: ReachByOptions,
  given: Pick<ReachOptions, 'trace' | 'signal' | 'bring' | 'hostKeys' | 'untilBanner' | 'beforeOpen'>,
  io: Io,
): Promise<Reached> {
  const { beforeOpen: own, ...rest } = given;
  const warn = socketWarning(io);
  const beforeOpen: typeof warn = async (...opening) => {
    await warn(...opening);
    await own?.(...opening);
  };
  const { env, platform } = io;
  let failed: ConnectError | undefined;
  const onRoute: OnRoute = (_route, { error }) => {
    failed = error ?? failed;
  };
  const options = { ...rest, port, timeoutMs, waitMs, routes, beforeOpen, onRoute, env, platform };
  const reached = await reachOrStart({ text, target }, options, start, io);
  const { endpoint } = reached.connection;
  if (routes && routes[0] !== 'ip' && failed && endpoint.family === 'tcp') {
    const instead = `by TCP to ${endpoint.host}:${endpoint.port} instead`;
    io.err(`${io.program}: ${printable(`${failed.message}; ${instead}`)}\n`);
  }
  return reached;
}

/** `reach`; with `start` a machine that is off is started. One that is up costs nothing more. */
export async function reachOrStart(
  typed: TypedTarget,
  options: ReachOptions,
  start: boolean,
  io: Starter,
  host?: Signals,
): Promise<Reached> {
  if (!start) return reach(typed, options);
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
