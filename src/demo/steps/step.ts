import { createHash } from 'node:crypto';
import type { Outcome } from '../run.js';

/** One thing that the demo shows. */
export interface Step {
  readonly title: string;
  /** What a person would type for it, or write. */
  readonly typed: string;
  /** Resolves to what came of it; throws a StepFailure. */
  run(signal: AbortSignal): Promise<string>;
}

/** Steps that belong together, or the reason why there are none. */
export interface Section {
  readonly title: string;
  readonly steps: readonly Step[];
  readonly skipped?: { readonly title: string; readonly reason: string; readonly hint: string };
}

/** A step did not do what it should. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
}

/** Throws a StepFailure with all that the program said where it did not end as it should. */
export function expectExit(outcome: Outcome, wanted: number): void {
  if (outcome.exitCode === wanted) return;
  const ended = outcome.exitCode === null ? 'ended by a signal' : `exit code ${outcome.exitCode}`;
  throw new StepFailure(`${ended}, expected ${wanted}: ${`${outcome.stderr}${outcome.stdout}`.trim()}`);
}

/** Throws a StepFailure where the copy is not the original; returns a clause about it. */
export function expectSame(copy: Uint8Array | undefined, original: Uint8Array): string {
  const [got, wanted] = [copy && sha256(copy), sha256(original)];
  if (got !== wanted) throw new StepFailure(`the copy differs: sha256 ${got ?? 'of nothing'}, not ${wanted}`);
  return `${original.length / 1024 / 1024} MiB, sha256 ${wanted.slice(0, 16)}… at both ends`;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
