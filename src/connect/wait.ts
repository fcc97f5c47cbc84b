import { setTimeout as delay } from 'node:timers/promises';
import { ConnectError, errorWith } from '../base/errors.js';
import { now } from '../base/runtime.js';

export interface WaitOptions {
  /** Milliseconds for all attempts together. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
  /** Called before each retry, with the failure and the milliseconds until then. */
  readonly onRetry?: ((error: ConnectError, nextMs: number) => void) | undefined;
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>;
}

/** Milliseconds between attempts: short at first, later long enough to stay below the trigger limit of a socket unit. */
const firstPause = 100;
const maxPause = 1000;

/** Retries while a machine boots; `attempt` gets the milliseconds left. Throws the last failure, or at once one that waiting cannot fix. */
export async function openWhenReady<T>(attempt: (leftMs: number) => Promise<T>, options: WaitOptions) {
  const { waitMs, signal } = options;
  const { sleep = (ms) => delay(ms, undefined, signal ? { signal } : {}) } = options;
  const until = now() + waitMs;
  let last: ConnectError | undefined;
  for (let pause = firstPause; ; pause = Math.min(pause * 1.5, maxPause)) {
    try {
      return await attempt(Math.max(1, until - now()));
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      if (error.code === 'INTERRUPTED') throw last ? interrupted(last) : error;
      if (error.final) throw error;
      last = error;
      if (signal?.aborted) throw interrupted(error);
      if (now() + pause >= until) throw gaveUp(error, waitMs);
      options.onRetry?.(error, pause);
    }
    await sleep(pause, signal).catch(() => {});
    if (signal?.aborted) throw interrupted(last);
  }
}

function gaveUp(error: ConnectError, waitMs: number): ConnectError {
  const problem = `gave up after ${Math.round(waitMs / 10) / 100} s of waiting: ${error.problem}`;
  const hint = error.hint?.replaceAll('use --wait', 'use a longer --wait');
  return errorWith(error, { problem, hint, start: undefined, cause: error });
}

function interrupted(last: ConnectError): ConnectError {
  const problem = `interrupted while waiting: ${last.problem}`;
  return new ConnectError(last.op, last.target, { code: 'INTERRUPTED', problem, cause: last });
}

/** What `ask` finds within `timeoutMs`, or a ConnectError TIMEOUT without a target. Its signal is then aborted, as it is by `outer`. */
export async function inTime<T>(
  timeoutMs: number,
  outer: AbortSignal | undefined,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const late = new ConnectError('resolve', '', {
    code: 'TIMEOUT',
    problem: `the machine's manager did not answer within ${Number((timeoutMs / 1000).toPrecision(2))} s`,
    hint: 'allow more time with --timeout',
  });
  const end = () => own.abort(outer?.reason);
  if (outer?.aborted) end();
  // The listener stays, since what was found may ask more later: `outer` must not serve more than one call.
  outer?.addEventListener('abort', end);
  const timer = setTimeout(() => own.abort(late), timeoutMs);
  try {
    return await ask(own.signal);
  } catch (error) {
    throw own.signal.reason === late ? late : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Work on a signal of its own, aborted with `outer`: what it leaves on that goes with it. */
export async function onOwnSignal<T>(outer: AbortSignal, work: (own: AbortSignal) => Promise<T>): Promise<T> {
  const own = new AbortController();
  const end = () => own.abort(outer.reason);
  if (outer.aborted) end();
  outer.addEventListener('abort', end);
  return work(own.signal).finally(() => outer.removeEventListener('abort', end));
}
