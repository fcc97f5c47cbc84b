import type { Io } from '../cli/command.js';
import { styles } from '../cli/terminal.js';
import { exitCode, printable } from '../errors.js';
import { lineDiff, shortDiff } from '../ssh/config/diff.js';
import type { Plan } from './plan.js';
import { refusePlan } from './write.js';

/** Prints what a plan would change. Resolves to 0 if nothing, else 1. */
export async function showPlan({ changes, refusal, notes = [] }: Plan, io: Io): Promise<number> {
  for (const note of notes) io.err(`${note}\n`);
  if (refusal) return refusePlan(refusal, io);
  const style = await styles(io, 'stdout');
  const paint = { ' ': style.dim, '-': style.red, '+': style.green };
  for (const { path, before, after } of changes) {
    const name = printable(path);
    io.out(
      style.bold(
        `--- ${before === undefined ? '/dev/null' : name}\n+++ ${after === undefined ? '/dev/null' : name}\n`,
      ),
    );
    for (const [sign, line] of shortDiff(lineDiff(before ?? '', after ?? '')))
      io.out(`${paint[sign](`${sign}${printable(line)}`)}\n`);
  }
  return changes.length === 0 ? exitCode.ok : exitCode.connect;
}
