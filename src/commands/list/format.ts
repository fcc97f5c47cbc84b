import type { ChalkInstance } from 'chalk';
import { width } from '../../cli/terminal.js';
import { type ConnectError, printable } from '../../errors.js';
import type { ListedMachine } from '../../sources/merge.js';
import { addressOf } from '../../sources/routes.js';
import type { Status } from '../../sources/source.js';
import { type Shell, shellQuoted } from '../../typed/shell.js';

interface TableLooks {
  readonly wide: boolean;
  readonly style: ChalkInstance;
  /** Aligned, with a header; otherwise columns are separated by tabs. */
  readonly terminal: boolean;
  /** On a terminal: the shell into which a target may be pasted. */
  readonly shell?: Shell;
  /** The column's width: a row that is wider goes on below, and one long cell does not move all others. */
  readonly columns?: number;
  /** Names for ssh, for a column of their own on a terminal. */
  readonly names: SshNames;
  readonly withHost?: boolean;
  /** The hypervisors that did not answer: a row each, with the reason at its end. */
  readonly failed?: readonly ConnectError[];
  /** For a table in several parts: the widths of its columns up to now, empty before its first part, which has the header. */
  readonly widths?: number[];
}

/** The name that ssh takes for a machine; absent: none. */
export type SshNames = ReadonlyMap<ListedMachine, string>;

/** One value of each machine that has it, one per line; a name is as its manager has it, and two machines may share it. */
export function formatColumn(
  machines: readonly ListedMachine[],
  cell: (machine: ListedMachine) => string | undefined,
): string {
  const cells = machines.map(cell).filter((text) => text !== undefined);
  return cells.map((text) => `${printable(text)}\n`).join('');
}

/** One line per machine, and per hypervisor that did not answer; "" for none. Names are escaped: none can control the terminal or break a column. */
export function formatTable(machines: readonly ListedMachine[], looks: TableLooks): string {
  const { style, terminal, failed = [], widths: before = [] } = looks;
  const table = columns(looks);
  const rows = [
    ...machines.map((machine) => table.map(({ cell }) => printable(cell(machine)))),
    ...failed.map(({ target }) => table.map(({ title }) => failedCells[title]?.(target) ?? '-')),
  ];
  const reasons = failed.map(({ problem, hint }) => printable(hint ? `${problem}; ${hint}` : problem));
  const reasonOf = (row: number) => reasons[row - machines.length] ?? [];
  if (!terminal) return rows.map((row, i) => `${row.concat(reasonOf(i)).join('\t')}\n`).join('');
  if (rows.length === 0) return '';
  const header = table.map(({ title }) => title);
  const all = table.map(({ title }, i) => [
    before[i] ?? width(title),
    ...rows.map((row) => width(row[i] ?? '')),
  ]);
  const widths = columnWidths(all, looks.columns);
  const isFirst = before.length === 0;
  looks.widths?.splice(0, before.length, ...widths);
  const line = (cells: readonly string[], paint: (cell: string, title: string) => string, reason = '') => {
    const padded = cells.map((cell, i) => {
      const size = width(cell);
      const wide = Math.max(size, widths[i] ?? 0);
      return { text: paint(cell, header[i] ?? '') + ' '.repeat(wide - size), size, wide };
    });
    return `${`${flowing(padded, looks.columns)}${reason}`.trimEnd()}\n`;
  };
  const typed = looks.names.size > 0 ? 'SSH' : 'TARGET';
  const painted = rows.map((row, i) => {
    const paint = (cell: string, title: string) => {
      if (title === 'STATUS') return colorOf(machines[i]?.status, style)(cell);
      return title === typed ? style.bold(cell) : cell;
    };
    return line(row, paint, reasons[i - machines.length]);
  });
  return (isFirst ? line(header, (title) => style.dim(title)) : '') + painted.join('');
}

/** Of a hypervisor that did not answer. */
const failedCells: Readonly<Record<string, (host: string) => string>> = {
  STATUS: () => 'failed',
  HOST: (host) => host,
};

interface Column {
  readonly title: string;
  readonly cell: (machine: ListedMachine) => string;
}

function columns({ wide, terminal, shell, names, withHost }: TableLooks): readonly Column[] {
  const ssh = (machine: ListedMachine) => {
    const name = names.get(machine);
    return name === undefined ? '-' : `ssh ${name}`;
  };
  const more: readonly Column[] = [
    { title: 'CID', cell: ({ cid }) => `${cid ?? '-'}` },
    { title: 'UUID', cell: ({ uuid }) => uuid ?? '-' },
    { title: 'ADDRESS', cell: (machine) => addressOf(machine) ?? '-' },
    { title: 'OTHER', cell: ({ also, ids = [] }) => [...also, ...ids].join(' ') || '-' },
  ];
  return [
    { title: 'STATUS', cell: ({ status }) => status },
    { title: 'NAME', cell: ({ name }) => name },
    // Only for people: scripts count the columns of a pipe.
    ...(terminal && names.size > 0 ? [{ title: 'SSH', cell: ssh }] : []),
    { title: 'TARGET', cell: ({ target }) => (terminal ? shellQuoted(target, shell) : target) },
    { title: 'PROVIDER', cell: ({ provider }) => provider },
    ...(withHost ? [{ title: 'HOST', cell: ({ via = '-' }: ListedMachine) => via }] : []),
    ...(wide ? more : []),
  ];
}

function colorOf(status: Status | undefined, style: ChalkInstance): (text: string) => string {
  if (status === undefined) return style.red;
  if (status === 'running') return style.green;
  return status === 'off' || status === 'unknown' ? style.dim : style.yellow;
}

/** A padded cell; `size`: its own width, `wide`: with its padding. */
interface Padded {
  readonly text: string;
  readonly size: number;
  readonly wide: number;
}

/** The cells side by side; one that would stand out on the right begins a line below the second column. */
function flowing(cells: readonly Padded[], columns = Number.POSITIVE_INFINITY): string {
  const indent = (cells[0]?.wide ?? 0) + gap;
  let text = '';
  let used = 0;
  for (const { text: cell, size, wide } of cells) {
    if (used > indent && used + size > columns) {
      text = `${text.trimEnd()}\n${' '.repeat(indent)}`;
      used = indent;
    }
    text += cell + ' '.repeat(gap);
    used += wide + gap;
  }
  return text;
}

/** The widths of columns by those of their cells; on a narrow terminal the longest cells of the widest column stand out. */
function columnWidths(cells: readonly (readonly number[])[], columns = Number.POSITIVE_INFINITY): number[] {
  const widths = cells.map((each) => each.reduce((most, size) => Math.max(most, size), 0));
  const total = () => widths.reduce((sum, each) => sum + each, gap * (widths.length - 1));
  while (total() > columns) {
    const widest = Math.max(...widths);
    const at = widths.indexOf(widest);
    const next = cells[at]?.reduce((most, size) => (size < widest ? Math.max(most, size) : most), 0) ?? 0;
    if (next === 0) return widths;
    widths[at] = next;
  }
  return widths;
}

/** Spaces between two cells. */
const gap = 2;
