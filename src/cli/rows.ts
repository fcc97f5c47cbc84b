import type { ChalkInstance } from 'chalk';
import { ConnectError, printable } from '../base/errors.js';
import { type Env, tilde } from '../base/runtime.js';
import type { Io } from '../process/io.js';
import { failureOf, pasteable } from './failure.js';
import { inLines, styles, whole, width } from './terminal.js';

/** Prints on stderr why a command failed, and what helps. Resolves to its exit code. */
export async function explain(error: unknown, io: Io): Promise<number> {
  const { message, hint, exitCode, stack } = failureOf(error, io);
  const { op, target = '', problem = '' } = error instanceof ConnectError ? error : {};
  const isNamed = op === 'resolve' && problem.includes(target.replace(/^.*\//, ''));
  await complain(message, hint, io, isNamed ? problem : message);
  io.err(stack.map((line) => `${printable(line)}\n`).join(''));
  return exitCode;
}

/** In a pipe, for scripts, the problem and the hint are one line each. On a terminal: `spoken`, in rows. */
export async function complain(
  problem: string,
  hint: string | undefined,
  io: Io,
  spoken = problem,
): Promise<void> {
  // In ssh's output a machine could say the same.
  const { VMSSH_MARK: mark } = io.env;
  const who = `${mark === undefined ? io.program : `${io.program} ${mark}`}:`;
  const style = await styles(io, 'stderr');
  if (io.terminal.stderr) {
    const format = await rowFormatter(io, 'stderr');
    const row = format([{ text: `${who} ${spoken}`, hint }]);
    io.err(`${style.red(who)}${row.slice(who.length)}`);
    return;
  }
  io.err(`${style.red(who)} ${printable(problem)}\n`);
  if (hint) io.err(`${style.dim('hint:')} ${printable(pasteable(hint, io))}\n`);
}

/** `ok`: done, or well; `add`, `remove`: will change; `look`: a person should look at it; `wrong`; `none`: of no matter here. */
export type Mark = 'ok' | 'add' | 'remove' | 'look' | 'wrong' | 'none';

/** Without a mark: a heading, which is a name alone, or what stands below other rows. */
export interface Row {
  readonly mark?: Mark;
  /** What the row is about; the texts of rows that have one begin in the same column. */
  readonly name?: string;
  readonly text?: string;
  /** A command to copy, on a line of its own. */
  readonly fix?: string | undefined;
  /** What helps, which may be such a command. */
  readonly hint?: string | undefined;
}

const marks = {
  ok: { sign: '✓', ascii: 'ok', color: 'green' },
  add: { sign: '+', ascii: '+', color: 'cyan' },
  remove: { sign: '-', ascii: '-', color: 'cyan' },
  look: { sign: '!', ascii: '!', color: 'yellow' },
  wrong: { sign: '✗', ascii: 'x', color: 'red' },
  none: { sign: '–', ascii: '-', color: 'dim' },
} as const;

/** `margin`: columns on the left. */
export type FormatRows = (rows: readonly Row[], margin?: number) => string;

/** Texts are escaped, and broken at spaces where the terminal ends, below where they begin; a fix is never broken. */
export async function rowFormatter(io: Io, stream: 'stdout' | 'stderr' = 'stdout'): Promise<FormatRows> {
  const style = await styles(io, stream);
  const isTerminal = io.terminal[stream];
  const across = stream === 'stdout' ? io.columns : io.errColumns;
  // A pipe gets each row as one line.
  const columns = across === undefined ? Number.POSITIVE_INFINITY : Math.min(across, widest);
  return (rows, margin = 0) => {
    const shown = isTerminal ? rows.map((row) => forPeople(row, io.env)) : rows;
    return formatted(shown, columns - margin, style, io)
      .map((line) => `${' '.repeat(margin)}${line.trimEnd().replaceAll('\u00a0', ' ')}\n`)
      .join('');
  };
}

/** A person needs no quotes around a name, no code of an error, and no path of HOME in full. A fingerprint stays with the word before it, where a row has the room. */
function forPeople({ text, hint, ...row }: Row, env: Env): Row {
  const [, near] = /^did you mean (.*)\?$/.exec(hint ?? '') ?? [];
  const said = near === undefined ? text : `${text?.replace(/: found ".*/, '')}. Did you mean ${near}?`;
  const plain = (words: string) =>
    tilde(words, env)
      .replaceAll(/"([\w.@%:/+~-]+)"/g, '$1')
      .replaceAll(/ \((?:E[A-Z]{4,}|[A-Z]+_[A-Z_]+|FAILED)\)/g, '')
      .replaceAll(/\S+ SHA256:\S+(?: \([^)]*\),?)?/g, (print) =>
        row.name === undefined ? whole(print) : print,
      );
  return { ...row, text: said && plain(said), hint: near === undefined ? hint : undefined };
}

function formatted(rows: readonly Row[], columns: number, style: ChalkInstance, io: Io): readonly string[] {
  const isAscii = !hasUtf8(io.env);
  const names = Math.max(0, ...rows.map(({ name = '' }) => width(printable(name)) + gap));
  return rows.flatMap(({ mark, name, text, fix, hint }) => {
    const { sign, ascii, color } = marks[mark ?? 'none'];
    const shown = mark === undefined ? '' : `${isAscii ? ascii : sign} `;
    const label = printable(name ?? '');
    const pad = ' '.repeat(name === undefined ? 0 : names - width(label));
    const indent = mark === undefined ? 2 : shown.length + width(label) + pad.length;
    const [first, ...more] = inLines(notAsHelp(printable(text ?? '')), Math.max(columns - indent, narrowest));
    // A long word begins further left.
    const below = (line: string) => ' '.repeat(Math.min(indent, Math.max(2, columns - width(line)))) + line;
    const begin = `${style[color](shown)}${style.bold(label)}${pad}${first}`;
    return [
      ...(text === undefined && name === undefined ? [] : [begin, ...more.map(below)]),
      ...(fix ? helpLines(fix, true) : []),
      ...(hint ? helpLines(hint, isCommand.test(hint)) : []),
    ];
  });

  function helpLines(help: string, isFix: boolean): readonly string[] {
    const [, when = '', command] = /^(if [^:]+: )?(.*)$/s.exec(help) ?? [];
    const said = printable(pasteable((isFix ? command : help) ?? help, io));
    if (isFix) return [`  ${style.dim(when ? `fix, ${printable(when.trimEnd())}` : 'fix:')} ${said}`];
    const [first, ...more] = inLines(said, columns - hintIndent.length);
    return [`  ${style.dim('hint:')} ${first}`, ...more.map((line) => hintIndent + line)];
  }
}

/** What others say in a text never begins a line as a fix or a hint of ours does. */
function notAsHelp(text: string): string {
  return text.replaceAll(/ (?=(?:fix|hint)[:,])/g, '\u00a0');
}

const hintIndent = ' '.repeat('  hint: '.length);

/** One command and no more: of vmssh, to start a machine, or one that needs no explanation. */
const isCommand =
  /^(?:if [^:]+: )?(?:vmssh (?:(?:guest|config|source|service) )?[a-z-]+(?: --[\w-]+(?:[= ][^\s-]\S*)?)*(?: [^\s,;:]+)?(?: \d+)*|(?:sudo )?[\w.-]+(?: \S*[^\s,;:])*? (?:start|resume|unpause)(?: \S*[^\s,;:]){1,4}|(?:ssh-keygen|modprobe|Start-VM)(?: \S*[^\s,;:])+)$/;

const gap = 2;

/** Longer lines are hard to read. */
const widest = 100;

/** A text beside a very long name. */
const narrowest = 30;

/** By locale(7): without a word about it, a terminal of today is taken to be able to. */
function hasUtf8({ LC_ALL, LC_CTYPE, LANG }: Env): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG;
  return !locale || /utf-?8/i.test(locale);
}
