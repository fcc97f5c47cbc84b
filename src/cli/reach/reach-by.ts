import { printable } from '../../errors.js';
import type { TypedTarget } from '../../kinds/parse.js';
import { type Reached, type ReachOptions, reach } from '../../reach.js';
import type { Io } from '../command.js';
import type { ReachFlags } from '../shared-options.js';
import type { Transport } from './reach-over.js';
import { socketWarning } from './socket-warning.js';

export interface ReachByOptions extends Omit<ReachFlags, 'verbose'>, TypedTarget {
  readonly port: number;
  /** Undefined: only what the target's kind has for vsock. */
  readonly transports?: readonly Transport[] | undefined;
}

/** `reach` with a command's flags; says on stderr when it uses another transport than the first. */
export async function reachBy(
  { text, target, port, timeoutMs, waitMs, transports }: ReachByOptions,
  { trace, signal }: Pick<ReachOptions, 'trace' | 'signal'>,
  io: Io,
): Promise<Reached> {
  const beforeOpen = socketWarning(io);
  const options = { port, timeoutMs, waitMs, trace, signal, beforeOpen, env: io.env, platform: io.platform };
  if (!transports?.includes('ip')) return reach({ text, target }, options);
  const { reachOver } = await import('./reach-over.js');
  const note = (message: string) => io.err(`${io.program}: ${printable(message)}\n`);
  return reachOver(transports, { text, target }, options, note);
}
