import { printable } from '../../errors.js';
import { type Reached, type ReachOptions, reach } from '../../reach.js';
import type { Transport } from '../../reach-over.js';
import type { Io } from '../command.js';
import type { ReachFlags } from '../shared-options.js';
import { socketWarning } from './socket-warning.js';

export interface ReachByOptions extends Omit<ReachFlags, 'verbose'> {
  /** The target as the user spelled it. */
  readonly text: string;
  readonly port: number;
  /** Undefined: only what the target's kind has for vsock. */
  readonly transports?: readonly Transport[] | undefined;
}

/** `reach` with a command's flags; says on stderr when it uses another transport than the first. */
export async function reachBy(
  { text, port, timeoutMs, waitMs, transports }: ReachByOptions,
  { trace, signal }: Pick<ReachOptions, 'trace' | 'signal'>,
  io: Io,
): Promise<Reached> {
  const beforeOpen = socketWarning(io);
  const options = { port, timeoutMs, waitMs, trace, signal, beforeOpen, env: io.env, platform: io.platform };
  if (!transports?.includes('ip')) return reach(text, options);
  const { reachOver } = await import('../../reach-over.js');
  return reachOver(transports, text, options, (message) => io.err(`${io.program}: ${printable(message)}\n`));
}
