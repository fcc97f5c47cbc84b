import { setTimeout as delay } from 'node:timers/promises';
import { now } from '../clock.js';
import { ConnectError } from '../errors.js';

export interface WaitOptions {
  /** The target as it was typed, for error messages. */
  readonly target: string;
  /** Milliseconds for all tries together. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told each failure that is tried again, and in how many milliseconds. */
  readonly onRetry?: ((error: ConnectError, nextMs: number) => void) | undefined;
  readonly sleep?: ((ms: number, signal: AbortSignal | undefined) => Promise<unknown>) | undefined;
}

/** Milliseconds between tries: short at first, and never so short later that a booting guest's socket unit hits its limit. */
const firstPause = 100;
const longestPause = 1000;

/**
 * Tries again until an attempt succeeds, for a machine that boots. What waiting cannot mend ends it at once; when the
 * time is over the last failure is thrown. `attempt` is given the milliseconds that are left.
 */
export async function openWhenReady<T>(
  attempt: (leftMs: number) => Promise<T>,
  options: WaitOptions,
): Promise<T> {
  const { waitMs, signal, sleep = (ms) => delay(ms, undefined, signal ? { signal } : {}) } = options;
  const until = now() + waitMs;
  let last: ConnectError | undefined;
  for (let pause = firstPause; ; pause = Math.min(pause * 1.5, longestPause)) {
    const started = now();
    let next: number;
    try {
      return await attempt(Math.max(1, until - started));
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      if (error.code === 'INTERRUPTED') throw last ? interrupted(last) : error;
      if (!mayRecover(error)) throw error;
      last = error;
      if (signal?.aborted) throw interrupted(error);
      next = pauseAfter(error.code, now() - started, pause);
      if (now() + next >= until) throw gaveUp(error, waitMs);
      options.onRetry?.(error, next);
    }
    await sleep(next, signal).catch(() => {});
    if (signal?.aborted) throw interrupted(last);
  }
}

/** Milliseconds until the next try, after one that took `tookMs`; `pause` where nothing is known of the code. */
function pauseAfter(code: string, tookMs: number, pause: number): number {
  if (notThere.has(code)) return longestPause;
  // Hyper-V has waited itself: a Linux guest without a listener times out rather than refuses.
  if (code === 'WSAETIMEDOUT' && tookMs >= longestPause) return 0;
  return pause;
}

/** Hyper-V knows no such machine yet, or it is not running yet. */
const notThere: ReadonlySet<string> = new Set(['WSAEADDRNOTAVAIL', 'WSAENETUNREACH']);

function mayRecover(error: ConnectError): boolean {
  return error.op !== 'parse' && !hopeless.has(error.code);
}

const hopeless: ReadonlySet<string> = new Set([
  ...['NO_ADDON', 'UNSUPPORTED', 'AMBIGUOUS', 'PROTOCOL', 'NO_RIGHTS', 'NO_HYPERV', 'NO_SSH'],
  ...['HOST_KEY_CHANGED', 'HOST_KEY_REVOKED'],
  ...[
    'EACCES',
    'EPERM',
    'EAFNOSUPPORT',
    'EPROTONOSUPPORT',
    'ESOCKTNOSUPPORT',
    'EPROTOTYPE',
    'ENAMETOOLONG',
    'ELOOP',
    'WSAEACCES',
    'WSAEAFNOSUPPORT',
    'WSAEPROTONOSUPPORT',
    'WSAESOCKTNOSUPPORT',
    'WSAEINVAL',
    'WSAEFAULT',
  ],
]);

function gaveUp(error: ConnectError, waitMs: number): ConnectError {
  const { op, target, code, hint, reason } = error;
  const problem = `gave up after ${waitMs / 1000} s of waiting: ${error.problem}`;
  return new ConnectError(op, target, { code, problem, hint, reason, cause: error });
}

/** Names the step that was tried again, and why it failed last. */
function interrupted(last: ConnectError): ConnectError {
  const problem = `interrupted while waiting: ${last.problem}`;
  return new ConnectError(last.op, last.target, { code: 'INTERRUPTED', problem, cause: last });
}
