import { diffArrays } from 'diff';
import { exitCode, printable, quote } from '../base/errors.js';
import { fewOf, maxShown } from '../base/group-by.js';
import { tilde } from '../base/runtime.js';
import { complain, type Row } from '../cli/rows.js';
import { styles, whole } from '../cli/terminal.js';
import type { Io } from '../process/io.js';
import type { Plan } from './plan.js';
import { refusePlan, say, upToDate } from './write.js';

/** Prints what a plan would change, line by line or, if `isShort`, a row a file. Resolves to 0 if nothing, else 1. */
export async function showPlan(plan: Plan, io: Io, isShort = false): Promise<number> {
  const { changes, refusal, notes = [], decision } = plan;
  for (const note of notes) io.err(`${note}\n`);
  if (refusal) return refusePlan(refusal, io);
  if (isShort) {
    await say(changes.length === 0 ? [upToDate(decision)] : shortRows(plan, io), io);
    return changes.length === 0 ? exitCode.ok : exitCode.connect;
  }
  const style = await styles(io, 'stdout');
  const paint = { ' ': style.dim, '-': style.red, '+': style.green };
  for (const { path, before, after, byHand } of changes) {
    if (byHand !== undefined)
      await complain(`${quote(path)} ${byHand}: this change is left to you`, undefined, io);
    const name = (text: string | undefined) => (text === undefined ? '/dev/null' : printable(path));
    io.out(style.bold(`--- ${name(before)}\n+++ ${name(after)}\n`));
    for (const [sign, line] of shortDiff(lineDiff(before ?? '', after ?? '')))
      io.out(`${paint[sign](`${sign}${printable(line)}`)}\n`);
  }
  return changes.length === 0 ? exitCode.ok : exitCode.connect;
}

/** Which names come and go in each file of ssh's. */
function shortRows({ changes, files }: Plan, { env }: Io): readonly Row[] {
  const shown = changes.filter(({ path }) => path !== files.state || changes.length === 1);
  const rows = shown.map(({ path, before, after }): Row => {
    const edit = lineDiff(before ?? '', after ?? '');
    const lines = edit.filter(([sign, line]) => sign !== ' ' && /^[^#]/.test(line));
    const hosts = lines.filter(([, line]) => ownName.test(line));
    const named = hosts.map(([sign, line]) => line.replace(ownName, `${sign} $1`));
    const few =
      lines.length > 2 ? [`${lines.length} lines`] : lines.map((line) => tilde(line.join(' '), env));
    const said = fewOf((named.length > 0 ? [...new Set(named)] : few).map(whole), maxShown);
    return { mark: after === undefined ? 'remove' : 'add', name: tilde(path, env), text: said };
  });
  const next = ['To do it: vmssh config install', 'Line by line: vmssh config diff -v'];
  return [...rows, { text: next.map(whole).join('     ') }];
}

/** The other Hosts are of patterns, and of a machine's UUID. */
const ownName = /^Host (?![\da-f]{8}-[\da-f]{4}-)([^ *]+)[^*]*$/;

export type DiffLine = readonly [' ' | '-' | '+', string];

/** Changed lines up to which a shortest edit is looked for: it takes as many steps as their square. */
const maxChanges = 2000;

/** The lines of both texts as a shortest edit; if too much changed for that, all from the first change to the last. */
export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const [old, young] = [linesOf(before), linesOf(after)];
  const shorter = Math.min(old.length, young.length);
  let start = 0;
  while (start < shorter && old[start] === young[start]) start++;
  let end = 0;
  while (end < shorter - start && old.at(-1 - end) === young.at(-1 - end)) end++;
  return [
    ...withSign(' ', old.slice(0, start)),
    ...changes(old.slice(start, old.length - end), young.slice(start, young.length - end)),
    ...withSign(' ', old.slice(old.length - end)),
  ];
}

/** A diff with `context` lines around each change; a line "…" replaces the rest. */
export function shortDiff(diff: readonly DiffLine[], context = 2): readonly DiffLine[] {
  const near = (at: number) =>
    diff.slice(Math.max(0, at - context), at + context + 1).some(([sign]) => sign !== ' ');
  return diff.flatMap((line, i): DiffLine[] => {
    if (near(i)) return [line];
    return i === 0 || near(i - 1) ? [[' ', '…']] : [];
  });
}

function changes(old: string[], young: string[]): DiffLine[] {
  const parts = diffArrays(old, young, { maxEditLength: maxChanges });
  if (!parts) return [...withSign('-', old), ...withSign('+', young)];
  return parts.flatMap(({ value, removed, added }) => withSign(removed ? '-' : added ? '+' : ' ', value));
}

function withSign(sign: DiffLine[0], lines: readonly string[]): DiffLine[] {
  return lines.map((line) => [sign, line]);
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}
