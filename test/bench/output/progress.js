/**
 * Lines with the time since the start; on a terminal the current run too.
 * @param {NodeJS.WriteStream} stream
 */
export function progressOn(stream) {
  const started = Date.now();
  const elapsed = () => `${((Date.now() - started) / 1000).toFixed(1).padStart(7)} s`;
  const clear = stream.isTTY ? '\r\x1b[K' : '';
  return {
    /** @param {string} text */
    line(text) {
      stream.write(`${clear}${elapsed()}  ${text}\n`);
    },
    /** @param {{ id: string, runs: number }} figure @param {number} run @param {string} name */
    run({ id, runs }, run, name) {
      if (stream.isTTY) stream.write(`${clear}${elapsed()}  ${id}, run ${run} of ${runs}: ${name}`);
    },
  };
}
