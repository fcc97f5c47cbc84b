import { now } from '../clock.js';
import { ownTime } from './own-time.js';

/**
 * How many limits may be added to a limit for this process's own work: the limit is for waiting, and on a slow or busy machine
 * our own work takes as long.
 */
export const mostOwnLimits = 5;

/** Calls back once this process has waited for others for `limitMs`. Returns a function that cancels that. */
export function afterWaiting(limitMs: number, call: () => void, ownMs: () => number = ownTime): () => void {
  const start = { time: now(), own: ownMs() };
  const look = () => {
    const own = Math.min(ownMs() - start.own, mostOwnLimits * limitMs);
    const left = limitMs - (now() - start.time - own);
    if (left <= 0) call();
    else timer = setTimeout(look, Math.max(10, left));
  };
  let timer = setTimeout(look, limitMs);
  return () => clearTimeout(timer);
}
