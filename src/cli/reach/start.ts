import { shellOf } from '../../address/shell.js';
import { shellLine } from '../../address/shell-word.js';
import { now } from '../../clock.js';
import { ownEnv } from '../../discovery/own-env.js';
import { ConnectError, printable, quote, type StartCommand } from '../../errors.js';
import type { TypedTarget } from '../../kinds/parse.js';
import type { Reached, ReachOptions } from '../../reach.js';
import type { Io } from '../command.js';
import { defaultWaitMs } from '../shared-options.js';
import { startProgress } from '../spinner.js';
import { runStart } from './run-start.js';
import { type StartLock, startLock } from './start-lock.js';
import { startingResolve } from './starting-resolve.js';

/** The used part of `process`. */
export type Signals = Pick<NodeJS.Process, 'on' | 'off' | 'platform'>;

/**
 * After the attempt that failed with `first`: starts the machine if that is because it is off, and tries again until its
 * banner comes; also while another vmssh starts it. Otherwise throws `first`, unless there is a `waitMs`.
 */
export async function startAndReach(
  { text, target }: TypedTarget,
  attempt: (options: ReachOptions) => Promise<Reached>,
  options: ReachOptions,
  first: ConnectError,
  io: Io,
  host: Signals = process,
): Promise<Reached> {
  const until = now() + (options.waitMs ?? defaultWaitMs);
  const leftMs = () => Math.max(1, until - now());
  const interrupts = interruptsOf(options.signal, host);
  const { signal } = interrupts;
  const progress = options.trace ? undefined : await startProgress(io, `waiting for ${printable(text)}`);
  const trace: NonNullable<ReachOptions['trace']> =
    options.trace ?? ((step, outcome) => step === 'wait' && progress?.update(printable(outcome)));
  const env = ownEnv(io.env);
  let held: StartLock | undefined;
  let last: { readonly start: StartCommand; readonly isOver: boolean } | undefined;
  try {
    held = await startLock(target, env, {
      leftMs,
      signal,
      onBusy: () => trace('wait', 'another vmssh starts it'),
    });
    if (!held.wasBusy && !first.start && options.waitMs === undefined) throw first;
    return await attempt({
      ...options,
      trace,
      signal,
      waitMs: leftMs(),
      resolve: startingResolve(async (start, isOff) => {
        last = { start, isOver: false };
        await runStart(start, isOff, { text, env, shell: shellOf(io), timeoutMs: leftMs(), signal, trace });
        last = { start, isOver: true };
      }),
    });
  } catch (error) {
    if (!(error instanceof ConnectError) || !last) throw error;
    if (error.code === 'INTERRUPTED') throw leftAlone(text, last, error);
    throw isOff(error) || isOff(error.cause)
      ? offAgain(error, shellLine(last.start.command, shellOf(io)))
      : error;
  } finally {
    progress?.stop();
    interrupts.stop();
    await held?.release();
  }
}

/** Aborted by Ctrl-C, the end of ssh, and what ends the caller's own wait: the machine is left as it is, and that is said. */
function interruptsOf(outer: ReachOptions['signal'], host: Signals) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const names =
    host.platform === 'win32' ? (['SIGINT'] as const) : (['SIGINT', 'SIGTERM', 'SIGHUP'] as const);
  for (const name of names) host.on(name, abort);
  outer?.addEventListener('abort', abort);
  if (outer?.aborted) abort();
  return {
    signal: controller.signal,
    stop() {
      for (const name of names) host.off(name, abort);
      outer?.removeEventListener('abort', abort);
    },
  };
}

function isOff(error: unknown): boolean {
  return error instanceof ConnectError && error.start !== undefined;
}

/** To start it once more, as the hint for a machine that is off says, would not help. */
function offAgain({ op, target, code, problem, cause }: ConnectError, line: string): ConnectError {
  return new ConnectError(op, target, {
    ...{ code, cause },
    problem: `${problem}, although it was started: ${line}`,
    hint: "it may have ended at once: see its log, or its manager's",
  });
}

/** The manager's command goes on without us, and what it has started stays. */
function leftAlone(
  text: string,
  { start, isOver }: { readonly start: StartCommand; readonly isOver: boolean },
  cause: ConnectError,
): ConnectError {
  const name = quote(start.machine);
  const problem = isOver
    ? `interrupted: ${name} was started, and is left as it is`
    : `interrupted: ${quote(start.command[0] ?? '')} goes on, and ${name} is left as it is`;
  return new ConnectError('connect', text, { code: 'INTERRUPTED', problem, start, cause });
}
