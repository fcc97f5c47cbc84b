import type { ChalkInstance } from 'chalk';
import { printable } from '../../errors.js';
import type { ProgressLine } from '../../guest/run/progress.js';

/** A line of a guest script, for people. */
export function formatProgress({ state, step, message }: ProgressLine, style: ChalkInstance): string {
  const text = printable(message);
  switch (state) {
    case 'ok':
      return `  ${style.green('✓')} ${step.padEnd(14)} ${text}\n`;
    case 'changed':
      return `  ${style.cyan('+')} ${step.padEnd(14)} ${text}\n`;
    case 'skipped':
      return `  ${style.dim('-')} ${step.padEnd(14)} ${style.dim(text)}\n`;
    case 'failed':
      return `  ${style.red('✗')} ${step.padEnd(14)} ${text}\n`;
    case 'fix':
      return `    ${style.dim('fix, as the guest gives it:')} ${text}\n`;
    case 'end':
      return '';
  }
}
