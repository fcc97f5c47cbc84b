import { createHash } from 'node:crypto';
import type { Outcome } from '../tools.js';

/** A step of the demo. */
export interface Step {
  readonly title: string;
  /** The command or code for it. */
  readonly typed: string;
  /** Resolves to its outcome; throws a StepFailure. */
  run(signal: AbortSignal): Promise<string>;
}

/** Steps that belong together, or why there are none. */
export interface Section {
  readonly title: string;
  readonly steps: readonly Step[];
  readonly skipped?: Skipped;
}

export interface Skipped {
  readonly title: string;
  readonly reason: string;
  /** What would have been seen, in one clause. */
  readonly seen: string;
  readonly hint: string;
}

/** A step did not do what it should. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
}

/** Throws a StepFailure with the program's output if it did not exit as expected. */
export function expectExit(outcome: Outcome, wanted: number): void {
  if (outcome.exitCode === wanted) return;
  const ended = outcome.exitCode === null ? 'ended by a signal' : `exit code ${outcome.exitCode}`;
  throw new StepFailure(`${ended}, expected ${wanted}: ${`${outcome.stderr}${outcome.stdout}`.trim()}`);
}

/** Throws a StepFailure if the copy differs from the original; returns a clause about it. */
export function expectSame(copy: Uint8Array | undefined, original: Uint8Array): string {
  const [got, wanted] = [copy && sha256(copy), sha256(original)];
  if (got !== wanted) throw new StepFailure(`the copy differs: sha256 ${got ?? 'of nothing'}, not ${wanted}`);
  return `${original.length / 1024 / 1024} MiB, sha256 ${wanted.slice(0, 16)}… at both ends`;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
