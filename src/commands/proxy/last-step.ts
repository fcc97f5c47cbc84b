import { ConnectError, exitCodeOf } from '../../base/errors.js';
import { loadAddon } from '../../base/native.js';
import { type ReachByOptions, reachBy } from '../../cli/reach/reach-target.js';
import type { ReachFlags } from '../../cli/shared-options.js';
import type { Connection } from '../../connect/connection.js';
import { asksKeys } from '../../connect/via/hop-command.js';
import type { Io } from '../../process/io.js';
import { findTarget } from '../../reach/login.js';
import type { Reached, Trace } from '../../reach/reach.js';
import { keysSaid } from './host-keys.js';
import { watchStdio } from './stdio-watch.js';

export interface LastStepOptions extends ReachByOptions, Pick<ReachFlags, 'start'> {
  readonly text: string;
  /** What the answer to the vmssh at the other end of the hop begins with. */
  readonly ready: string;
}

/** The most of an error's text that is sent, in characters. */
const maxText = 1000;

/** For a vmssh elsewhere (connect/via/): prints "READY by vmssh" once the machine is connected, before it "READY keys JSON" if READY asks for that, and then relays; or "READY failed JSON". */
export async function lastStep({ ready, ...options }: LastStepOptions, trace: Trace | undefined, io: Io) {
  const native = loadAddon();
  const watch = await watchStdio(native.addon, io);
  const { signal } = watch;
  let text: string;
  let connection: Connection;
  let said: string | undefined;
  try {
    const target = await findTarget(options.text, io, signal);
    text = target.text;
    const reached = await reachBy(target, options, { trace, signal, start: options.start }, io);
    connection = reached.connection;
    if (ready.endsWith(asksKeys)) said = await keysIn(options.timeoutMs / 2, reached, io);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const { op, code, problem, hint, final } = error;
    const report = { op, code, problem: problem.slice(0, maxText), hint: hint?.slice(0, maxText), final };
    io.out(`${ready} failed ${JSON.stringify(report)}\n`);
    return exitCodeOf(error);
  } finally {
    watch.stop();
  }
  if (said !== undefined) io.out(`${ready} keys ${said}\n`);
  io.out(`${ready} by vmssh\n`);
  const { relayToEnd } = await import('./lasting.js');
  const { input } = watch;
  return relayToEnd(connection, { text, native, input, lingerMs: -1, trace, ignoreInterrupts: true }, io);
}

/** Undefined if that takes longer: the login does not wait, and they are asked for when it needs them. */
async function keysIn(timeoutMs: number, { target, resolution }: Reached, { env, platform }: Io) {
  const signal = AbortSignal.timeout(timeoutMs);
  const deps = { env, platform, timeoutMs, signal };
  const said = await keysSaid(target, resolution.machine, deps).catch(() => undefined);
  return signal.aborted ? undefined : said;
}
