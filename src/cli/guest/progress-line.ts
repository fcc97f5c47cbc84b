import type { ChalkInstance } from 'chalk';
import { printable } from '../../errors.js';
import type { ProgressLine } from '../../guest/run/progress.js';

/** A line of a guest script, for people. */
export function formatProgress({ state, step, message }: ProgressLine, style: ChalkInstance): string {
  const text = printable(message);
  const name = (step === 'name-lookup' ? 'name lookup' : step).padEnd(14);
  switch (state) {
    case 'ok':
      return `  ${style.green('✓')} ${name} ${text}\n`;
    case 'changed':
      return `  ${style.cyan('+')} ${name} ${text}\n`;
    case 'skipped':
      return `  ${style.dim('-')} ${name} ${style.dim(text)}\n`;
    case 'failed':
      return `  ${style.red('✗')} ${name} ${text}\n`;
    case 'fix':
      return `    ${style.dim('fix, as the guest gives it:')} ${text}\n`;
    case 'end':
      return '';
  }
}
