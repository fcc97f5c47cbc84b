import { lstat, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { exitCode, printable, quote } from '../errors.js';
import { includeLine } from '../ssh/config-file.js';
import { lineDiff, shortDiff } from '../ssh/line-diff.js';
import { makeFolder, replaceFile } from '../ssh/replace-file.js';
import { type Io, UsageError } from './command.js';
import type { Change, Plan } from './config-plan.js';
import { styles } from './style.js';
import { complain } from './words.js';

/** Writes a file's new content: a parameter, so that tests bring about every errno. */
export type Write = typeof replaceFile;

/** Shows what a plan would change. Resolves to 0 where that is nothing, else 1. */
export async function showPlan({ changes, refusal }: Plan, io: Io): Promise<number> {
  if (refusal) return refuse(refusal, io);
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

/** Makes the changes, each at once or not at all. Resolves to the exit code. */
export async function applyPlan(plan: Plan, io: Io, write: Write = replaceFile): Promise<number> {
  if (plan.refusal) return refuse(plan.refusal, io);
  for (const change of plan.changes) {
    try {
      await make(change, write);
      io.out(
        `${change.after === undefined ? 'removed' : change.before === undefined ? 'wrote' : 'changed'} ${printable(change.path)}\n`,
      );
    } catch (error) {
      return failed(error as NodeJS.ErrnoException, change, plan, io);
    }
  }
  if (plan.changes.length === 0) io.out('nothing to change\n');
  return exitCode.ok;
}

async function make({ path, after, mode }: Change, write: Write): Promise<void> {
  if (after === undefined && !(await isLink(path))) return rm(path, { force: true });
  await makeFolder(dirname(path), mode === 0o600 ? 0o700 : 0o755);
  await write(path, after ?? '', mode);
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
}

// A main configuration that something else manages, as home-manager does, is for its owner to change.
function failed(error: NodeJS.ErrnoException, { path }: Change, { files }: Plan, io: Io): number {
  const closed = ['EACCES', 'EPERM', 'EROFS'].includes(error.code ?? '');
  if (closed && path === files.main) {
    io.err(
      `${io.program}: ${quote(path)} is read-only (${error.code}): add this line above its first Host or Match, or take it away there:\n`,
    );
    io.out(`${includeLine(files.include)}\n`);
    return exitCode.connect;
  }
  throw new UsageError(`${quote(path)} cannot be written: ${error.message}`);
}

async function refuse({ path, why, cure }: NonNullable<Plan['refusal']>, io: Io): Promise<number> {
  await complain(`${quote(path)}: ${why}`, cure, io);
  return exitCode.connect;
}
