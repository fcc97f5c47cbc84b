import { randomBytes } from 'node:crypto';
import type { ProgressLine } from './progress.js';

/**
 * A random number that a script leaves in a guest, where only root can write. A machine that has it is the same one,
 * whatever address the guest reported.
 */
export function newProof(random: (size: number) => Buffer = randomBytes): string {
  return random(16).toString('hex');
}

/** What proofScript found; undefined if it did not run. */
export function proofIn(lines: readonly ProgressLine[]): string | undefined {
  return lines.find(({ state, step }) => state === 'ok' && step === 'proof')?.message;
}
