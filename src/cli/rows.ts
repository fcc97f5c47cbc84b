import type { ChalkInstance } from 'chalk';
import { printable } from '../errors.js';
import type { Io } from '../process/io.js';
import type { Env } from '../runtime.js';
import { pasteable } from './failure.js';
import { inLines, styles, width } from './terminal.js';

/** `ok`: done, or well; `add`, `remove`: will change; `look`: a person should look at it; `wrong`; `none`: of no matter here. */
export type Mark = 'ok' | 'add' | 'remove' | 'look' | 'wrong' | 'none';

/** Without a mark: a heading, which is a name alone, or what stands below other rows. */
export interface Row {
  readonly mark?: Mark;
  /** What the row is about; the texts of rows that have one begin in the same column. */
  readonly name?: string;
  readonly text?: string;
  /** A command to copy, on a line of its own. */
  readonly fix?: string;
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
export async function rowFormatter(io: Io): Promise<FormatRows> {
  const style = await styles(io, 'stdout');
  return (rows, margin = 0) => formatted(rows, margin, style, io);
}

function formatted(rows: readonly Row[], margin: number, style: ChalkInstance, io: Io): string {
  const isAscii = !hasUtf8(io.env);
  const names = Math.max(0, ...rows.map(({ name = '' }) => width(printable(name)) + gap));
  // A pipe gets each row as one line.
  const columns = io.columns === undefined ? Number.POSITIVE_INFINITY : Math.min(io.columns, widest) - margin;
  const lines = rows.flatMap(({ mark, name, text, fix }) => {
    const { sign, ascii, color } = marks[mark ?? 'none'];
    const shown = mark === undefined ? '' : `${isAscii ? ascii : sign} `;
    const label = printable(name ?? '');
    const pad = ' '.repeat(name === undefined ? 0 : names - width(label));
    const indent = mark === undefined ? 2 : shown.length + width(label) + pad.length;
    const [first, ...more] = inLines(printable(text ?? ''), Math.max(columns - indent, narrowest));
    // A long word begins further left.
    const below = (line: string) => ' '.repeat(Math.min(indent, Math.max(2, columns - width(line)))) + line;
    const begin = `${style[color](shown)}${style.bold(label)}${pad}${first}`;
    return [
      ...(text === undefined && name === undefined ? [] : [begin, ...more.map(below)]),
      ...(fix === undefined ? [] : [`  ${style.dim('fix:')} ${printable(pasteable(fix, io))}`]),
    ];
  });
  return lines.map((line) => `${' '.repeat(margin)}${line.trimEnd().replaceAll('\u00a0', ' ')}\n`).join('');
}

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
