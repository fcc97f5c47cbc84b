import { readFileSync } from 'node:fs';
import { now } from '../clock.js';
import { loadAddon } from '../native.js';

/**
 * How many limits may be added to a limit for this process's own work: the limit is for waiting, and on a slow or busy machine
 * our own work takes as long.
 */
export const maxOwnLimits = 5;

/** Calls back once this process has waited for others for `limitMs`. Returns a function that cancels that. */
export function afterWaiting(limitMs: number, call: () => void, ownMs: () => number = ownTime): () => void {
  const start = { time: now(), own: ownMs() };
  const look = () => {
    const own = Math.min(ownMs() - start.own, maxOwnLimits * limitMs);
    const left = limitMs - (now() - start.time - own);
    if (left <= 0) call();
    else timer = setTimeout(look, Math.max(10, left));
  };
  let timer = setTimeout(look, limitMs);
  return () => clearTimeout(timer);
}

/**
 * Milliseconds that this program's own thread has worked, or was ready to work while others had the processors. What passes
 * beside that it has waited for others: also for threads of the addon, which do what others ask of them.
 */
export function ownTime(
  read: (path: string) => string = readText,
  platform: NodeJS.Platform = process.platform,
): number {
  const known = platform === 'win32' ? loadAddon().addon?.threadTime() : ofFirstThread(read);
  if (known !== undefined) return known;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** On Linux: https://docs.kernel.org/scheduler/sched-stats.html; undefined if the system does not tell. */
function ofFirstThread(read: (path: string) => string): number | undefined {
  try {
    const [worked = Number.NaN, queued = Number.NaN] = read('/proc/self/schedstat').split(' ').map(Number);
    const nanoseconds = worked + queued;
    return Number.isNaN(nanoseconds) ? undefined : nanoseconds / 1e6;
  } catch {
    return undefined;
  }
}

function readText(path: string): string {
  return readFileSync(path, 'latin1');
}
