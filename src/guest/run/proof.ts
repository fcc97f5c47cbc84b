import { randomBytes } from 'node:crypto';
import type { ProgressLine } from './progress.js';

/**
 * A number that a script leaves in a guest, where only root can write. A machine that has it is the same one, whatever the
 * guest said about its address.
 */
export function newProof(random: (size: number) => Buffer = randomBytes): string {
  return random(16).toString('hex');
}

/** What proofScript found; undefined: it did not get to look. */
export function proofIn(lines: readonly ProgressLine[]): string | undefined {
  return lines.find(({ state, step }) => state === 'ok' && step === 'proof')?.message;
}
