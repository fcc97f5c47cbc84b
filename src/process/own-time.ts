import { readFileSync } from 'node:fs';

/**
 * Milliseconds that this process has worked, or was ready to work while others had the processors. What passes beside that
 * it has waited for others.
 */
export function ownTime(read: (path: string) => string = readText): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000 + queued(read);
}

/** Of its first thread, on Linux: https://docs.kernel.org/scheduler/sched-stats.html; 0 if the system does not tell. */
function queued(read: (path: string) => string): number {
  try {
    const [, nanoseconds] = read('/proc/self/schedstat').split(' ');
    return Number(nanoseconds) / 1e6 || 0;
  } catch {
    return 0;
  }
}

function readText(path: string): string {
  return readFileSync(path, 'latin1');
}
