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
  readonly names: SshNames;
  readonly withHost?: boolean;
  /** The hypervisors that did not answer: a row each, with the reason at its end. */
  readonly failed?: readonly ConnectError[];
  /** The terminal's columns. */
  readonly columns?: number;
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
    ...failed.map(({ target, problem, hint }) => [
      ...table.map(({ title }) => ({ STATUS: 'failed', HOST: target })[title] ?? '-'),
      printable(hint ? `${problem}; ${hint}` : problem),
    ]),
  ];
  if (!terminal) return rows.map((row) => `${row.join('\t')}\n`).join('');
  if (rows.length === 0) return '';
  const header = table.map(({ title }) => title);
  const sizes = (i: number) => [header, ...rows].map((row) => width(row[i] ?? ''));
  const widths = header.map((_, i) => widest([before[i] ?? 0, ...sizes(i)], looks.columns));
  const isFirst = before.length === 0;
  looks.widths?.splice(0, before.length, ...widths);
  const typed = looks.names.size > 0 ? 'SSH' : 'TARGET';
  const line = (cells: readonly string[], paint: (cell: string, title: string | undefined) => string) => {
    const shown = cells.map((cell, i) => ({ text: paint(cell, header[i]), size: width(cell) }));
    return `${flowing(shown, widths, looks.columns)}\n`;
  };
  const painted = rows.map((row, i) =>
    line(row, (cell, title) => {
      if (title === 'STATUS') return colorOf(machines[i]?.status, style)(cell);
      return title === typed ? style.bold(cell) : cell;
    }),
  );
  return (isFirst ? line(header, (title) => style.dim(title)) : '') + painted.join('');
}

/** The width of a column by those of its cells: one of more than half the terminal stands out, and does not move all others. */
function widest(sizes: readonly number[], columns = 120): number {
  return sizes.reduce((most, size) => (size > columns / 2 ? most : Math.max(most, size)), 0);
}

/** The cells side by side; one that would stand out on the right begins a line below the second column. */
function flowing(
  cells: readonly { readonly text: string; readonly size: number }[],
  widths: readonly number[],
  columns = Number.POSITIVE_INFINITY,
): string {
  const indent = (widths[0] ?? 0) + gap;
  let used = 0;
  return cells
    .reduce((text, { text: cell, size }, i) => {
      const breaks = used > indent && used + size > columns;
      const at = breaks ? indent : used;
      used = at + Math.max(size, widths[i] ?? 0) + gap;
      const before = breaks ? `${text.trimEnd()}\n${' '.repeat(indent)}` : text;
      return before + cell + (i === cells.length - 1 ? '' : ' '.repeat(used - at - size));
    }, '')
    .trimEnd();
}

const gap = 2;

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
