import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, examplesOn, flagsOf, groupSummaries, shownOn, UsageError } from '../cli/command.js';
import { inLines } from '../cli/terminal.js';
import { exitCode, printable, quote } from '../errors.js';
import { realPath } from '../files/read-sync.js';
import { insteadInGroup, insteadOf, sameAs } from '../lookup/other-verbs.js';
import type { Io } from '../process/io.js';
import { selfCommand } from '../runtime.js';
import { similarTo } from '../typed/names.js';
import { version } from '../version.js';
import { commandGroups, commands } from './commands.js';

/** Answers arguments that begin with no command: help, the version. Returns the exit code. Throws a UsageError. */
export function withoutCommand([first, ...rest]: readonly string[], io: Io): number {
  const second = rest[0];
  if (first === undefined) return mistaken(programHelp(io), io);
  if (isHelp(first) || (first === 'help' && rest.every(isHelp))) return print(programHelp(io), io);
  if (first === 'help') return print(helpFor(rest.filter((word) => !isHelp(word)).join(' '), io), io);
  if (first === '--version' || first === '-V') return print(`${version}\n`, io);
  if (first.startsWith('-')) throw new UsageError(`unknown option ${quote(first)}`);
  const members = membersOf(first);
  if (members.length === 0) throw unknownCommand(first, insteadOf(first, firstWords()));
  if (second === undefined) return mistaken(groupHelp(first, io), io);
  if (isHelp(second)) return print(groupHelp(first, io), io);
  const [near, ...others] = similarTo(second, members.map(secondWord));
  const guess = near && `did you mean ${[near, ...others].join(' or ')}?`;
  const hint = insteadInGroup(first, second) ?? guess ?? sameAs(second, members.map(secondWord));
  throw Object.assign(unknownCommand(second, hint), { command: first });
}

function print(text: string, io: Io): number {
  io.out(text);
  return exitCode.ok;
}

function mistaken(help: string, io: Io): number {
  io.err(help);
  return exitCode.usage;
}

export function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}

function unknownCommand(name: string, hint: string | undefined): UsageError {
  return new UsageError(`unknown command ${quote(name)}`, hint);
}

function firstWords(): readonly string[] {
  return [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))];
}

function secondWord({ name }: Command<unknown>): string {
  return name.split(' ')[1] ?? '';
}

function membersOf(group: string): readonly Command<unknown>[] {
  return commands.filter(({ name }) => name.startsWith(`${group} `));
}

function helpFor(name: string, io: Io): string {
  const command = commands.find((each) => each.name === name);
  if (command) return commandHelp(command, io);
  if (membersOf(name).length > 0) return groupHelp(name, io);
  const inGroup = membersOf(name.split(' ')[0] ?? '');
  const near = similarTo(
    name,
    (inGroup.length > 0 ? inGroup : commands).map((each) => each.name),
  );
  throw unknownCommand(name, near.length > 0 ? `did you mean ${near.join(' or ')}?` : undefined);
}

const helpOption = ['-h, --help', 'display help'] as const;

function programHelp({ columns = 80, platform }: Io): string {
  const targets =
    'mint, vsock/3, machine/web, container/web, unix/run/x.sock, .host, vsock-mux/run/fc/v.sock, via/hv1/mint (docs/targets.md)';
  const codes =
    '0 done, 1 could not connect, 2 wrong usage, 3 no SSH banner, 4 not found or ambiguous, 130 interrupted';
  const groups = shownOn(platform, commandGroups).map(({ title, commands: all }): Section => {
    const summaries = all.map(({ name, summary }): Row => {
      const [first = ''] = name.split(' ');
      return [first, groupSummaries[first] ?? summary];
    });
    return [title, [...new Map(summaries)]];
  });
  const options = [
    ['-V, --version', 'print the version; with --json also details of the build'],
    helpOption,
  ] as const;
  return whole([
    ...head(
      'vmssh [options] [command]',
      'ssh into virtual machines and containers on this host, without a network',
      columns,
    ),
    ...sections([['Options', options], ...groups], columns),
    `${hanging('Targets: ', targets, columns)}\n${hanging('Exit codes: ', codes, columns)}`,
    'First steps:\n  vmssh list\n  vmssh setup mint && ssh mint\n  ssh root@vsock/3',
    'Help for one command: vmssh help COMMAND',
  ]);
}

function groupHelp(group: string, { columns = 80, platform }: Io): string {
  const members = membersOf(group);
  const rows = members.map((each): Row => [secondWord(each), each.summary]);
  const firsts = members.flatMap((each) => Object.entries(examplesOn(platform, each)).slice(0, 1));
  return whole([
    ...head(`vmssh ${group} [options] [command]`, groupSummaries[group] ?? '', columns),
    ...sections(
      [
        ['Options', [helpOption]],
        ['Commands', rows],
      ],
      columns,
    ),
    examplesHelp(firsts, columns),
  ]);
}

/** What --help prints for a command. */
export function commandHelp(command: Command<unknown>, { program, columns = 80, platform }: Io): string {
  const { name, usage, summary, details } = command;
  const own = (line: string) => (program === 'vsock-nc' ? line.replace(/^vmssh nc/, 'vsock-nc') : line);
  const rows = shownOn(platform, command.options).map((each): Row => [flagsOf(each), each.summary]);
  const examples = Object.entries(examplesOn(platform, command)).map(
    ([line, about]) => [own(line), about] as const,
  );
  return whole([
    ...head(own(`vmssh ${name} [options] ${usage}`.trim()), summary, columns),
    ...sections([['Options', [...rows, helpOption]]], columns),
    ...(details ? [hanging('', details.replaceAll('\n', ' '), columns)] : []),
    examplesHelp(examples, columns),
  ]);
}

function head(usage: string, summary: string, columns: number): readonly string[] {
  return [hanging('Usage: ', usage, columns), hanging('', summary, columns)];
}

type Row = readonly [term: string, about: string];
type Section = readonly [title: string, rows: readonly Row[]];

/** Lists with the same column for what each term means; it goes below the term if there is no room beside it. */
function sections(all: readonly Section[], columns: number): readonly string[] {
  const wide = Math.max(...all.flatMap(([, rows]) => rows.map(([term]) => term.length)));
  const isBeside = columns - wide - 4 >= besideFrom;
  const item = ([term, about]: Row) =>
    isBeside
      ? hanging(`  ${term.padEnd(wide)}  `, about, columns)
      : `  ${term}\n${hanging('      ', about, columns)}`;
  return all.map(([title, rows]) => `${title}:\n${rows.map(item).join('\n')}`);
}

const besideFrom = 30;

function examplesHelp(examples: readonly Row[], columns: number): string {
  const lines = examples.map(([line, about]) => `  ${line}\n${hanging('      ', about, columns)}`);
  return `Examples:\n${lines.join('\n')}`;
}

/** Wrapped text after a label; its other lines are indented by the label's width. */
function hanging(label: string, text: string, columns: number): string {
  return label + inLines(text, columns - label.length).join(`\n${' '.repeat(label.length)}`);
}

/** The parts, and where the pages are that they name. */
function whole(parts: readonly string[]): string {
  const help = parts.join('\n\n');
  const folder = help.includes('docs/') ? docsFolder() : undefined;
  return `${help}\n${folder === undefined ? '' : `\ndocs/ is ${printable(folder)}\n`}`;
}

/** From the folder of the program: packages of Linux, the archive for Windows, npm's package, and the executable of a checkout. */
const places = ['../share/doc/vmssh/docs', 'docs', '../docs', '../../docs'];

/** The folder with the pages that help names as docs/..., as it was installed with this program; undefined if it was not. */
export function docsFolder(program = selfCommand().at(-1)): string | undefined {
  const file = program === undefined ? undefined : realPath(program);
  if (file === undefined) return undefined;
  const folder = dirname(file);
  return places.map((place) => join(folder, place)).find((docs) => existsSync(join(docs, 'targets.md')));
}
