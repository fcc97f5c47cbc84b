/** Milliseconds on a monotonic clock. The first `performance.now()` makes Node load 0.6 ms of code; this loads none. */
export function now(): number {
  return process.uptime() * 1000;
}
