import { now as clock } from '../../clock.js';
import { printable } from '../../errors.js';
import type { Trace } from '../../reach/reach.js';
import type { Io } from '../command.js';

/** Prints steps with their times on stderr, for -v. */
export function stepTrace(io: Io, now: () => number = clock): Trace {
  let last = now();
  return (step, outcome) => {
    const time = now();
    io.err(
      `${io.program}: ${step.padEnd(7)} ${(time - last).toFixed(1).padStart(7)} ms  ${printable(outcome)}\n`,
    );
    last = time;
  };
}
