import { type ReachByOptions, reachBy } from '../../cli/reach/reach-by.js';
import type { Connection } from '../../connect/connection.js';
import { ConnectError, exitCodeOf } from '../../errors.js';
import { findTarget } from '../../lookup/login.js';
import { loadAddon } from '../../native.js';
import type { Io } from '../../process/io.js';
import type { Trace } from '../../reach/reach.js';
import { watchStdio } from './stdio-watch.js';

export interface LastStepOptions extends Omit<ReachByOptions, 'target'> {
  /** What the answer to the vmssh at the other end of the hop begins with. */
  readonly ready: string;
}

/** The most of an error's text that is sent, in characters. */
const maxText = 1000;

/** For a vmssh elsewhere (connect/via/): prints "READY by vmssh" once the machine is connected, and then relays; or "READY failed JSON". */
export async function lastStep(
  { ready, ...options }: LastStepOptions,
  trace: Trace | undefined,
  io: Io,
): Promise<number> {
  const native = loadAddon();
  const watch = await watchStdio(native.addon, io);
  const { signal } = watch;
  let text: string;
  let connection: Connection;
  try {
    const found = await findTarget(options.text, io, signal);
    text = found.text;
    ({ connection } = await reachBy({ ...options, text, target: found.target }, { trace, signal }, io));
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const { op, code, problem, hint, final } = error;
    const report = { op, code, problem: problem.slice(0, maxText), hint: hint?.slice(0, maxText), final };
    io.out(`${ready} failed ${JSON.stringify(report)}\n`);
    return exitCodeOf(error);
  } finally {
    watch.stop();
  }
  io.out(`${ready} by vmssh\n`);
  const { relayToEnd } = await import('./lasting.js');
  const { input } = watch;
  return relayToEnd(connection, { text, native, input, lingerMs: -1, trace, ignoreInterrupts: true }, io);
}
