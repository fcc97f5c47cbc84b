import { ConnectError, printable } from '../../errors.js';
import type { TypedTarget } from '../../kinds/parse.js';
import { type Reached, type ReachOptions, reach } from '../../reach.js';
import type { Io } from '../command.js';
import { defaultWaitMs, type ReachFlags } from '../shared-options.js';
import type { Transport } from './reach-over.js';
import { socketWarning } from './socket-warning.js';

export interface ReachByOptions extends Omit<ReachFlags, 'verbose'>, TypedTarget {
  readonly port: number;
  /** Undefined: only what the target's kind has for vsock. */
  readonly transports?: readonly Transport[] | undefined;
}

/** `reach` with a command's flags; says on stderr when it uses another transport than the first. */
export async function reachBy(
  { transports, start, ...to }: ReachByOptions,
  { trace, signal, stdio }: Pick<ReachOptions, 'trace' | 'signal' | 'stdio'>,
  io: Io,
): Promise<Reached> {
  const beforeOpen = socketWarning(io);
  const { text, target, port, timeoutMs, waitMs, routes } = to;
  const { env, platform } = io;
  const options = { port, timeoutMs, waitMs, routes, trace, signal, stdio, beforeOpen, env, platform };
  const typed = { text, target };
  if (!transports?.includes('ip')) return reachOrStart(typed, options, start, io);
  const { reachOver } = await import('./reach-over.js');
  const note = (message: string) => io.err(`${io.program}: ${printable(message)}\n`);
  return reachOrStart(typed, options, start, io, (own) => reachOver(transports, typed, own, note));
}

/** `reach`; with `start` a machine that is off is started. One that is up costs nothing more. */
export async function reachOrStart(
  typed: TypedTarget,
  options: ReachOptions,
  start: boolean,
  io: Io,
  attempt: (options: ReachOptions) => Promise<Reached> = (own) => reach(typed, own),
): Promise<Reached> {
  if (!start) return attempt(options);
  const starting = { ...options, startMs: options.waitMs ?? defaultWaitMs };
  try {
    return await attempt({ ...starting, waitMs: undefined });
  } catch (error) {
    if (!(error instanceof ConnectError) || error.code === 'INTERRUPTED') throw error;
    const { startAndReach } = await import('./start.js');
    return startAndReach(typed, attempt, starting, error, io);
  }
}
