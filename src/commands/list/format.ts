import type { ChalkInstance } from 'chalk';
import { type ConnectError, printable } from '../../base/errors.js';
import { countBy } from '../../base/group-by.js';
import { width } from '../../cli/terminal.js';
import type { ListedMachine } from '../../sources/merge.js';
import { addressOf } from '../../sources/routes.js';
import type { Status } from '../../sources/source.js';
import { type Shell, shellQuoted } from '../../typed/shell.js';

interface TableLooks {
  readonly wide: boolean;
  readonly style: ChalkInstance;
  /** Aligned, with a header; otherwise columns are separated by tabs. */
  readonly terminal: boolean;
  /** On a terminal: the shell into which a target may be pasted, and what calls this program there. */
  readonly shell?: Shell;
  readonly vmssh?: string;
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
  const table = columns(machines, looks);
  const rows = [
    ...machines.map((machine) => table.map(({ cell }) => printable(cell(machine)))),
    ...failed.map(({ target, problem, hint }) => [
      ...table.map(({ title }) => ({ STATUS: 'failed', STATE: 'failed', HOST: target })[title] ?? '-'),
      printable(hint ? `${problem}; ${hint}` : problem),
    ]),
  ];
  if (!terminal) return rows.map((row) => `${row.join('\t')}\n`).join('');
  if (rows.length === 0) return '';
  const titles = table.map(({ title }) => title);
  const sizes = (i: number) => [titles, ...rows].map((row) => width(row[i] ?? ''));
  const all = titles.map((_, i) => widest([before[i] ?? 0, ...sizes(i)], looks.columns));
  const widths = looks.wide ? fitting(all, looks.columns) : all;
  const header = titles.slice(0, widths.length);
  const isFirst = before.length === 0;
  looks.widths?.splice(0, before.length, ...widths);
  const typed = isKnownToSsh(looks) ? 'LOG IN WITH' : 'NAME';
  const line = (cells: readonly string[], paint: (cell: string, title: string | undefined) => string) => {
    const kept = widths.length < all.length ? cells.slice(0, widths.length) : cells;
    const pad = (cell: string, i: number) => ' '.repeat(Math.max(0, (widths[i] ?? 0) - width(cell)) + gap);
    const padded = kept.map((cell, i) => paint(cell, header[i]) + pad(cell, i));
    return `${padded.join('').trimEnd()}\n`;
  };
  const painted = rows.map((row, i) =>
    line(row, (cell, title) => {
      if (title === 'STATE') return colorOf(machines[i]?.status, style)(cell);
      return title === typed ? style.bold(cell) : cell;
    }),
  );
  const more = widths.length < all.length ? `${style.dim('(more columns: vmssh list -o json)')}\n` : '';
  return (isFirst ? line(header, (title) => style.dim(title)) : '') + painted.join('') + more;
}

/** The widths of the first columns, at least those of NAME, STATE and SOURCE, that fit side by side. */
function fitting(widths: readonly number[], columns = Number.POSITIVE_INFINITY): readonly number[] {
  let used = 0;
  const over = widths.findIndex((size, i) => {
    used += size + (i === 0 ? 0 : gap);
    return i > 2 && used > columns;
  });
  return over < 0 ? widths : widths.slice(0, over);
}

/** The width of a column by those of its cells: one of more than half the terminal stands out, and does not move all others. */
function widest(sizes: readonly number[], columns = 120): number {
  return sizes.reduce((most, size) => (size > columns / 2 ? most : Math.max(most, size)), 0);
}

const gap = 2;

interface Column {
  readonly title: string;
  readonly cell: (machine: ListedMachine) => string;
}

/** Scripts count the columns of a pipe, and cut them by place; what to type is only for people. */
function columns(machines: readonly ListedMachine[], looks: TableLooks): readonly Column[] {
  const { wide, terminal, withHost } = looks;
  const host: readonly Column[] = withHost ? [{ title: 'HOST', cell: ({ via = '-' }) => via }] : [];
  const cid: Column = { title: 'CID', cell: ({ cid }) => `${cid ?? '-'}` };
  const more: readonly Column[] = [
    { title: 'ADDRESS', cell: (machine) => addressOf(machine) ?? '-' },
    { title: 'OTHER', cell: ({ also, ids = [] }) => [...also, ...ids].join(' ') || '-' },
  ];
  const source = ({ provider }: ListedMachine) => provider;
  const parts = new Set(machines.flatMap(({ part = [] }) => part));
  const part: Column = { title: 'PART', cell: ({ part = '-' }) => part };
  if (!terminal) {
    const uuid: Column = { title: 'UUID', cell: ({ uuid }) => uuid ?? '-' };
    return [
      { title: 'STATUS', cell: ({ status }) => status },
      { title: 'NAME', cell: ({ name }) => name },
      { title: 'TARGET', cell: ({ target }) => target },
      { title: 'PROVIDER', cell: source },
      ...host,
      ...(wide ? [cid, uuid, ...more] : []),
    ];
  }
  const logIn = isKnownToSsh(looks);
  const isOnly = hasNameAlone(machines);
  const fullName: Column = { title: 'FULL NAME', cell: ({ target }) => shellQuoted(target, looks.shell) };
  return [
    // Where no column says what to type, the name is what to type.
    { title: 'NAME', cell: (machine) => (logIn || wide || isOnly(machine) ? machine.name : machine.target) },
    { title: 'STATE', cell: ({ status }) => status },
    { title: 'SOURCE', cell: source },
    ...(wide && parts.size > 1 ? [part] : []),
    ...host,
    ...(wide ? [cid, { title: 'UUID', cell: shortUuid }] : []),
    ...(logIn ? [{ title: 'LOG IN WITH', cell: loginWith(machines, looks) }] : []),
    ...(wide ? [fullName, ...more] : []),
  ];
}

function isKnownToSsh({ names, withHost = false }: TableLooks): boolean {
  return names.size > 0 || withHost;
}

function shortUuid({ uuid }: ListedMachine): string {
  return uuid === undefined ? '-' : `${uuid.slice(0, 8)}…`;
}

function hasNameAlone(machines: readonly ListedMachine[]): (machine: ListedMachine) => boolean {
  const counts = countBy(machines, ({ name }) => name.toLowerCase());
  return ({ name }) => counts.get(name.toLowerCase()) === 1;
}

/** What a person types for each machine of the list: its name, if no other one of it has that name, else its target. */
export function typedNames(
  machines: readonly ListedMachine[],
  shell: Shell | undefined,
): (machine: ListedMachine) => string {
  const isOnly = hasNameAlone(machines);
  return (machine) => {
    const { name, target, via } = machine;
    const isWord = via === undefined && isOnly(machine) && /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(name);
    return shellQuoted(isWord ? name : target, shell);
  };
}

function loginWith(
  machines: readonly ListedMachine[],
  { names, shell, vmssh = 'vmssh' }: TableLooks,
): Column['cell'] {
  const typed = typedNames(machines, shell);
  return (machine) => {
    const name = names.get(machine);
    if (machine.status === 'off') return `${vmssh} ssh --start ${name ?? typed(machine)}`;
    if (name !== undefined) return `ssh ${name}`;
    return machine.via === undefined ? `${vmssh} setup ${typed(machine)}` : `${vmssh} ssh ${typed(machine)}`;
  };
}

function colorOf(status: Status | undefined, style: ChalkInstance): (text: string) => string {
  if (status === undefined) return style.red;
  if (status === 'running') return style.green;
  return status === 'off' || status === 'unknown' ? style.dim : style.yellow;
}
