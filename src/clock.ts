/** Milliseconds on a clock that nobody sets. Node loads 0.6 ms of code for the first `performance.now()`, and none for this. */
export function now(): number {
  return process.uptime() * 1000;
}
