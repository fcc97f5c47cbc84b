import { now as clock } from '../../clock.js';
import { printable } from '../../errors.js';
import type { Trace } from '../../reach.js';
import type { Io } from '../command.js';

/** Prints steps with their times on stderr, for -v; undefined without it. */
export function stepTrace(io: Io, verbose: boolean, now: () => number = clock): Trace | undefined {
  if (!verbose) return undefined;
  let last = now();
  return (step, outcome) => {
    const time = now();
    io.err(
      `${io.program}: ${step.padEnd(7)} ${(time - last).toFixed(1).padStart(7)} ms  ${printable(outcome)}\n`,
    );
    last = time;
  };
}
