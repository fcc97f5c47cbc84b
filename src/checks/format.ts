import type { ChalkInstance } from 'chalk';
import type { StartedAs } from '../cli/called-as.js';
import type { Io } from '../cli/command.js';
import { pasteable } from '../cli/message.js';
import { inLines } from '../cli/width.js';
import { printable } from '../errors.js';
import type { CheckResult } from './result.js';

/** One target's check for people: a line per stage, then what stopped it. */
export function formatCheck(
  { target, stages, routes = [], error }: CheckResult,
  style: ChalkInstance,
  io: StartedAs & Pick<Io, 'columns'>,
): string {
  const lines = stages.map(({ stage, ms, found }) => {
    const time = `${ms.toFixed(1)} ms`.padStart(10);
    return `  ${style.green('✓')} ${printable(stage).padEnd(14)} ${style.dim(time)}${beside(found, io)}`;
  });
  for (const { route, state, address, found } of routes) {
    const mark = { ok: style.green('✓'), failed: style.red('✗'), skipped: style.dim('–') }[state];
    const about = address === undefined ? found : `${address}: ${found}`;
    lines.push(`  ${mark} ${`route ${route}`.padEnd(14)} ${' '.repeat(10)}${beside(about, io)}`);
  }
  if (error) {
    lines.push(`  ${style.red('✗')} ${error.op.padEnd(14)} ${' '.repeat(10)}${beside(error.problem, io)}`);
    if (error.hint) lines.push(`    ${style.dim('hint:')} ${printable(pasteable(error.hint, io))}`);
  }
  return `${style.bold(target === '' ? '""' : printable(target))}\n${lines.join('\n')}\n`;
}

/** The columns before what a stage found, and the room that this needs to stand beside them. */
const before = 31;
const besideFrom = 24;

/** A text after a stage's time; on a terminal its lines break at words, below its beginning or, on a narrow one, below the stage. */
function beside(text: string, { columns }: Pick<Io, 'columns'>): string {
  if (columns === undefined) return `  ${printable(text)}`;
  const isNarrow = columns - before < besideFrom;
  const indent = ' '.repeat(isNarrow ? 6 : before);
  const lines = inLines(printable(text), columns - indent.length);
  return `${isNarrow ? `\n${indent}` : '  '}${lines.join(`\n${indent}`)}`;
}
