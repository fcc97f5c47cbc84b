import type { ChalkInstance } from 'chalk';
import { loopbackHost } from '../../address/host-name.js';
import type { Shell } from '../../address/shell.js';
import { shellQuoted } from '../../address/shell-word.js';
import { width } from '../../cli/width.js';
import type { ListedMachine } from '../../discovery/merge.js';
import type { Status } from '../../discovery/provider.js';
import { type ConnectError, printable } from '../../errors.js';
import { columnWidths, flowing } from './fit.js';

export interface TableLooks {
  readonly wide: boolean;
  readonly style: ChalkInstance;
  /** Aligned, with a header; otherwise columns are separated by tabs. */
  readonly terminal: boolean;
  /** On a terminal: the shell into which a target may be pasted. */
  readonly shell?: Shell | undefined;
  /** Its width: a row that is wider goes on below, and one long cell does not move all others. */
  readonly columns?: number | undefined;
  /** Names for ssh, for a column of their own on a terminal. */
  readonly names: SshNames;
  /** Loopback ports, for a column of their own. */
  readonly ports?: ShownPorts | undefined;
  /** A column for the hypervisor. */
  readonly withHost?: boolean | undefined;
  /** The hypervisors that did not answer: a row each, with the reason at its end. */
  readonly failed?: readonly ConnectError[] | undefined;
  /** For a table in several parts: the widths of its columns up to now, empty before its first part, which has the header. */
  readonly widths?: number[] | undefined;
}

/** The name that ssh takes for a machine; absent: none. */
export type SshNames = ReadonlyMap<ListedMachine, string>;

/** The loopback port of a machine; absent: none. */
export type ShownPorts = ReadonlyMap<ListedMachine, number>;

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
  const reasonOf = (row: number) => failed[row - machines.length]?.problem;
  if (!terminal)
    return rows
      .map((row, i) => {
        const reason = reasonOf(i);
        return `${(reason === undefined ? row : [...row, printable(reason)]).join('\t')}\n`;
      })
      .join('');
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
  const painted = rows.map((row, i) =>
    line(
      row,
      (cell, title) =>
        title === 'STATUS'
          ? colorOf(machines[i]?.status, style)(cell)
          : title === typed
            ? style.bold(cell)
            : cell,
      printable(reasonOf(i) ?? ''),
    ),
  );
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

function columns({ wide, terminal, shell, names, ports, withHost }: TableLooks): readonly Column[] {
  const ssh = (machine: ListedMachine) => {
    const name = names.get(machine);
    return name === undefined ? '-' : `ssh ${name}`;
  };
  const more: readonly Column[] = [
    { title: 'CID', cell: ({ cid }) => `${cid ?? '-'}` },
    { title: 'UUID', cell: ({ uuid }) => uuid ?? '-' },
    { title: 'ADDRESS', cell: ({ address }) => address ?? '-' },
    { title: 'OTHER', cell: ({ also }) => also.join(' ') || '-' },
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
    ...(ports
      ? [{ title: 'LOOPBACK', cell: (machine: ListedMachine) => loopbackOf(ports.get(machine)) }]
      : []),
  ];
}

function loopbackOf(port: number | undefined): string {
  return port === undefined ? '-' : `${loopbackHost}:${port}`;
}

function colorOf(status: Status | undefined, style: ChalkInstance): (text: string) => string {
  if (status === undefined) return style.red;
  if (status === 'running') return style.green;
  return status === 'off' || status === 'unknown' ? style.dim : style.yellow;
}
