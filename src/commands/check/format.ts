import type { ChalkInstance } from 'chalk';
import type { StartedAs } from '../../cli/called-as.js';
import { pasteable } from '../../cli/message.js';
import { printable } from '../../errors.js';
import type { CheckResult } from './result.js';

/** One target's check for people: a line per stage, then what stopped it. */
export function formatCheck(
  { target, stages, error }: CheckResult,
  style: ChalkInstance,
  io: StartedAs,
): string {
  const lines = stages.map(({ stage, ms, found }) => {
    const time = `${ms.toFixed(1)} ms`.padStart(10);
    return `  ${style.green('✓')} ${printable(stage).padEnd(14)} ${style.dim(time)}  ${printable(found)}`;
  });
  if (error) {
    lines.push(`  ${style.red('✗')} ${error.op.padEnd(14)} ${' '.repeat(10)}  ${printable(error.problem)}`);
    if (error.hint) lines.push(`    ${style.dim('hint:')} ${printable(pasteable(error.hint, io))}`);
  }
  return `${style.bold(target === '' ? '""' : printable(target))}\n${lines.join('\n')}\n`;
}
