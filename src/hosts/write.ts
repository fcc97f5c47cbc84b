import { existsSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { exitCode, printable, quote } from '../base/errors.js';
import { fewOf, maxShown } from '../base/group-by.js';
import { tilde } from '../base/runtime.js';
import { uuidAlias } from '../book/identity.js';
import { complain, type Row, rowFormatter } from '../cli/rows.js';
import { whole } from '../cli/terminal.js';
import { editFile } from '../files/edit-file.js';
import { folderAt, makeFolder } from '../files/place.js';
import { isLink, reasonOf } from '../files/read-sync.js';
import { takeInbox } from '../keys/inbox.js';
import { markShared } from '../keys/pins.js';
import type { FindMachines } from '../machines/find-machines.js';
import type { Io } from '../process/io.js';
import { refusalFix } from '../process/refusal-fix.js';
import { includeLine } from '../ssh/config/file.js';
import { knownHostsFile } from '../ssh/folder.js';
import { shellOf, shellQuoted } from '../typed/shell.js';
import { type Change, fileError } from './files.js';
import type { Plan } from './plan.js';
import { refusedConfig } from './ssh-option.js';
import { disableUnits } from './units.js';

const maxTries = 4;

export interface CarriedOut {
  readonly code: number;
  readonly plan: Plan;
}

/** Plans and makes the changes. If another program changes one of the files meanwhile, it starts over with the new content. */
export async function carryOut(plan: () => Promise<Plan>, io: Io, write?: Write): Promise<CarriedOut> {
  const said = new Set<string>();
  for (let left = maxTries - 1; ; left--) {
    const made = await plan();
    for (const note of made.notes ?? []) if (!said.has(note)) io.err(`${note}\n`);
    for (const note of made.notes ?? []) said.add(note);
    try {
      return { code: await applyPlan(made, io, write), plan: made };
    } catch (error) {
      if (!(error instanceof ChangedMeanwhile)) throw error;
      if (left > 0) continue;
      await complain(error.message, 'run the command again', io);
      return { code: exitCode.connect, plan: made };
    }
  }
}

/** A search that asks the sources once, also for a plan that is made again. */
export function once(find: FindMachines): FindMachines {
  let listing: ReturnType<FindMachines> | undefined;
  return (io, via) => {
    listing ??= find(io, via);
    return listing;
  };
}

/** Changes a file: a parameter, so that tests can cause every errno. */
export type Write = typeof editFile;

class ChangedMeanwhile extends Error {}

/** Makes the changes, each atomically. Resolves to the exit code. Throws ChangedMeanwhile. */
export async function applyPlan(plan: Plan, io: Io, write: Write = editFile): Promise<number> {
  if (plan.refusal) return refusePlan(plan.refusal, io);
  let code: number = exitCode.ok;
  const made: Change[] = [];
  await tidyUp(plan, write);
  await disableUnits(plan, io);
  for (const change of plan.changes) {
    const { path, byHand } = change;
    try {
      if (byHand === undefined) {
        await make(change, plan, write);
        made.push(change);
        continue;
      }
      leave(byHand, plan, io);
    } catch (error) {
      if (error instanceof ChangedMeanwhile) {
        await say(doneRows(made, plan, io), io);
        throw error;
      }
      const failure = error as NodeJS.ErrnoException;
      const closed = ['EACCES', 'EPERM', 'EROFS'].includes(failure.code ?? '');
      if (path !== plan.files.main) {
        const { message, hint } = fileError(failure, path, 'written');
        await takeBack(made, plan, write);
        await complain(message, closed ? permissionHint(failure.code, path, plan.files, io) : hint, io);
        return exitCode.connect;
      }
      leave(closed ? `is read-only (${failure.code})` : `cannot be written (${reasonOf(failure)})`, plan, io);
    }
    code = exitCode.connect;
  }
  const { decision, files } = plan;
  const isRead = made.some(({ path }) => path === files.own || path === files.main);
  const said = decision && isRead ? await refusedConfig(files, io) : undefined;
  if (said !== undefined) {
    await takeBack(made, plan, write);
    // A mistake of the user's own is in another line now.
    const still = await refusedConfig(files, io);
    const why = still ?? said;
    const blame = still ? 'already without these lines' : 'with these lines';
    const problem = `ssh does not accept its configuration ${blame}, so they are taken back: ${why}`;
    // What is ours there, but for such an option, each ssh here accepts.
    const fix = why.startsWith(files.own)
      ? '-o KEY= takes back an earlier -o KEY=VALUE'
      : refusalFix(why, io);
    await complain(problem, fix, io);
    return exitCode.connect;
  }
  await say(plan.changes.length === 0 ? [upToDate(decision)] : doneRows(made, plan, io), io);
  const shared = decision?.shared.flatMap(({ uuid }) => uuidAlias(uuid) ?? []) ?? [];
  // host-key does without: it refuses the key of the second one.
  if (shared.length > 0) await markAll(knownHostsFile(io.env), shared).catch(() => {});
  if (decision && files.main === undefined && code === exitCode.ok) await say([{ text: forAll }], io);
  if (decision === undefined) await removeEmpty(dirname(files.state));
  return code;
}

async function markAll(knownHosts: string, shared: readonly string[]): Promise<void> {
  await takeInbox(knownHosts);
  await markShared(knownHosts, shared);
}

const forAll =
  'for all users: ssh reads it before the lines of systemd, so vmssh serves every kind of target';

export async function say(rows: readonly Row[], io: Io): Promise<void> {
  if (rows.length > 0) io.out((await rowFormatter(io))(rows));
}

function doneRows(made: readonly Change[], { decision, files }: Plan, { env }: Io): readonly Row[] {
  const isLeft = decision === undefined && files.main !== undefined && existsSync(knownHostsFile(env));
  return (['Wrote', 'Removed'] as const).flatMap((what): Row[] => {
    const paths = made.filter(({ after }) => (after === undefined) === (what === 'Removed'));
    const named = paths.map(({ path }) => whole(tilde(path, env))).join(', ');
    const kept = isLeft && what === 'Removed' ? '. Host keys are kept' : '';
    return paths.length === 0 ? [] : [{ mark: 'ok', text: `${what} ${named}${kept}` }];
  });
}

export function upToDate(decision: Plan['decision']): Row {
  const commands = (decision?.hosts ?? []).map(({ host }) => whole(`ssh ${host}`));
  const text = commands.length === 0 ? 'Nothing to change' : `Up to date: ${fewOf(commands, maxShown)}`;
  return { mark: 'ok', text };
}

/** Leaves a folder that has anything in it. */
async function removeEmpty(path: string): Promise<void> {
  const above = await folderAt(dirname(path)).catch(() => undefined);
  if (above === undefined) return;
  await rmdir(above.at(basename(path))).catch(() => {});
  await above.close();
}

/** Prints why nothing is done. Resolves to the exit code. */
export async function refusePlan({ path, why, hint }: NonNullable<Plan['refusal']>, io: Io): Promise<number> {
  await complain(`${quote(path)}: ${why}`, hint, io);
  return exitCode.connect;
}

// What a killed run left is also removed beside files that do not change.
async function tidyUp({ changes, files, decision }: Plan, write: Write): Promise<void> {
  if (decision === undefined && files.main) {
    const [{ removeAsked }, { removeRecords }] = await Promise.all([
      import('../files/asked-folder.js'),
      import('../keys/record.js'),
    ]);
    await removeAsked(dirname(files.state), Number.NEGATIVE_INFINITY).catch(() => {});
    removeRecords(dirname(files.state));
  }
  const paths = [files.state, files.own, files.main].filter((path) => path !== undefined);
  const same = paths.filter((path) => changes.every((change) => change.path !== path));
  for (const path of same) await write(path, (old) => old, 0o600).catch(() => {});
}

/** Each file as it was before, the last one first; what another program changed since stays. */
async function takeBack(made: readonly Change[], plan: Plan, write: Write): Promise<void> {
  for (const { before, after, ...change } of made.toReversed())
    await make({ ...change, before: after, after: before }, plan, write).catch(() => {});
}

async function make({ path, before, after, mode, like }: Change, { files }: Plan, write: Write) {
  // A folder for all users, whatever is in it: ssh passes over one that it may not read.
  const isOwn = files.main !== undefined && mode === 0o600;
  if (after !== undefined) await makeFolder(dirname(path), isOwn ? 0o700 : 0o755);
  // A link is kept, and its file emptied.
  const text = after ?? (isLink(path) ? '' : undefined);
  const edit = (old: Buffer | undefined) => {
    if (old?.toString() !== before)
      throw new ChangedMeanwhile(`${quote(path)} was changed by another program, again and again`);
    return text === undefined ? undefined : Buffer.from(text);
  };
  await write(path, edit, mode, like);
}

// A main configuration managed by another tool, such as home-manager, is left to that tool.
function leave(why: string, { files }: Plan, io: Io): void {
  io.err(
    `${io.program}: ${quote(files.main ?? '')} ${printable(why)}: add this line above its first Host or Match, or remove it there:\n`,
  );
  io.out(`${includeLine(files.include)}\n`);
}

function permissionHint(code: string | undefined, path: string, { main }: Plan['files'], io: Io): string {
  const folder = shellQuoted(dirname(path), shellOf(io));
  if (io.platform === 'win32') return `you must be allowed to write there: see icacls ${folder}`;
  if (code === 'EROFS') return `its file system is read-only: see findmnt -T ${folder}`;
  if (main === undefined) return 'only root can write it: run the same command with sudo';
  return `it must belong to you: see ls -ld ${folder}`;
}
