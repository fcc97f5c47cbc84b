import type { Addon } from 'node-hvsock-native';
import { printable } from '../base/errors.js';
import { loadAddon } from '../base/native.js';
import { UsageError } from '../cli/command.js';
import { canPick, fitted, startProgress, styles, width } from '../cli/terminal.js';
import type { Io } from '../process/io.js';
import { loadHere } from '../sources/here.js';
import { listAll } from '../sources/list-all.js';
import type { ListedMachine } from '../sources/merge.js';
import { listed } from './listed.js';

/** Something to choose; its cells are safe to print. */
interface Item {
  readonly cells: readonly string[];
}

/**
 * Has the user choose one of the items, of which at most `rows` are shown, on the terminal of stdin and stderr. Of all
 * that was drawn, only the question stays, with the answer. Undefined: the user left.
 */
export async function pick<T extends Item>(
  items: readonly T[],
  question: string,
  io: Io,
  addon: Addon,
  rows = 8,
): Promise<T | undefined> {
  const style = await styles(io, 'stderr');
  const decoder = new TextDecoder();
  let choice = nothingTyped;
  let drawn: readonly Line[] = [];
  // One column stays free: a cursor past the last one would be in the next line.
  const wide = () => Math.max(1, (process.stderr.columns || 80) - 1);
  const clear = () => {
    const height = drawn.reduce((sum, { text }) => sum + Math.max(1, Math.ceil(width(text) / wide())), 0);
    return drawn.length === 0 ? '' : `\r${height > 1 ? `\x1b[${height - 1}A` : ''}\x1b[J`;
  };
  const draw = () => {
    const now = shownLines(items, choice, { question, rows, columns: wide() });
    io.err(clear() + now.map(({ text, look }) => (look ? style[look](text) : text)).join('\n'));
    drawn = now;
  };
  const end = (answered = '') => {
    io.err(clear() + answered);
    drawn = [];
    addon.rawTerminal(false);
  };
  const stop = (_: NodeJS.Signals, number: number) => {
    end();
    process.exit(128 + number);
  };
  for (const signal of deadly) process.on(signal, stop);
  if (io.platform !== 'win32') process.on('SIGWINCH', draw);
  addon.rawTerminal(true);
  let answered = '';
  try {
    for (;;) {
      draw();
      const typed = await addon.readKeys().promise;
      if (typed.length === 0) return undefined;
      for (const key of keysIn(decoder.decode(typed, { stream: true }))) {
        if (key === 'leave') return undefined;
        const chosen = key === 'enter' ? chosenOf(items, choice, rows) : undefined;
        if (chosen) answered = `${fitted(`${question} ${chosen.cells[0]}`, wide())}\n`;
        if (chosen) return chosen;
        choice = applyKey(items, choice, key);
      }
    }
  } finally {
    end(answered);
    for (const signal of deadly) process.off(signal, stop);
    if (io.platform !== 'win32') process.off('SIGWINCH', draw);
  }
}

const deadly = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What was typed so far, and which of the items that match it is marked. */
interface Choice {
  readonly filter: string;
  readonly at: number;
}

const nothingTyped: Choice = { filter: '', at: 0 };

interface Line {
  readonly text: string;
  readonly look?: 'bold' | 'dim';
}

export function matching<T extends Item>(items: readonly T[], filter: string): readonly T[] {
  const words = filter.toLowerCase().split(/\s+/);
  return items.filter(({ cells }) => {
    const text = cells.join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The marked one; without rows none is seen, and it is the first that begins with what was typed. */
function chosenOf<T extends Item>(items: readonly T[], { filter, at }: Choice, rows: number): T | undefined {
  if (rows > 0) return matching(items, filter)[at];
  return items.find(({ cells: [word = ''] }) => word.startsWith(filter.trim().toLowerCase()));
}

/** The choice after a key that neither ends it nor leaves. */
export function applyKey(items: readonly Item[], { filter, at }: Choice, key: Key): Choice {
  if (typeof key === 'object') return { filter: filter + key.text, at: 0 };
  if (key === 'erase') return { filter: [...filter].slice(0, -1).join(''), at: 0 };
  if (key === 'erase-all') return nothingTyped;
  const count = Math.max(1, matching(items, filter).length);
  const step = { up: count - 1, down: 1, enter: 0, leave: 0 }[key];
  return { filter, at: (at + step) % count };
}

/** The lines to show, none wider than `columns`; the cursor stays at the end of the last one. Without rows it is the question alone. */
export function shownLines(
  items: readonly Item[],
  { filter, at }: Choice,
  { question, rows, columns }: { readonly question: string; readonly rows: number; readonly columns: number },
): readonly Line[] {
  const asked = { text: fitted(`${question} ${filter}`, columns) };
  if (rows === 0) return [asked];
  const matches = matching(items, filter);
  const from = Math.max(0, Math.min(at - rows + 1, matches.length - rows));
  const widest = (i: number) => items.reduce((most, { cells }) => Math.max(most, width(cells[i] ?? '')), 0);
  const widths = (items[0]?.cells ?? []).map((_, i) => widest(i));
  const shown = matches.slice(from, from + rows).map(({ cells }, i): Line => {
    const marked = from + i === at;
    const text = cells.map((cell, j) => cell + ' '.repeat((widths[j] ?? 0) - width(cell))).join('  ');
    const line = fitted(`${marked ? '>' : ' '} ${text}`.trimEnd(), columns);
    return marked ? { text: line, look: 'bold' } : { text: line };
  });
  const help = `${matches.length} of ${items.length}: type to filter, arrows and Enter to choose, Esc to leave`;
  return [...shown, { text: fitted(help, columns), look: 'dim' }, asked];
}

/** A key that was typed: what it does, or the text of it. */
type Key = keyof typeof keys | { readonly text: string };

const keys = {
  up: ['\x1b[A', '\x1bOA', '\x10'],
  down: ['\x1b[B', '\x1bOB', '\x0e'],
  enter: ['\r', '\n'],
  erase: ['\x7f', '\b'],
  'erase-all': ['\x15'],
  leave: ['\x1b', '\x03', '\x04'],
};
const actions = new Map(
  Object.entries(keys).flatMap(([does, all]) => all.map((key) => [key, does as keyof typeof keys])),
);

/** Splits what a terminal sent at once into keys; unknown sequences and control characters are dropped. */
export function keysIn(text: string): readonly Key[] {
  return (text.match(oneKey) ?? []).flatMap((key): Key | readonly Key[] => {
    const isText = !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(key);
    return actions.get(key) ?? (isText ? { text: key } : []);
  });
}

const esc = '\x1b';
/** ECMA-48, after ESC: CSI, parameters, one final byte; and SS3 with one byte, as of arrows in application mode. */
const oneKey = new RegExp(`${esc}(?:\\[[0-?]*[ -/]*[@-~]|O[@-~])|.`, 'gsu');

/** Has the user choose one of this host's machines. Undefined: none was chosen. Throws a UsageError if there are none. */
export async function pickMachine(io: Io): Promise<ListedMachine | undefined> {
  const { env, platform } = io;
  const progress = await startProgress(io, 'looking for machines');
  const listing = await listAll({ env }, await loadHere({ env, platform })).finally(() => progress.stop());
  if (listing.machines.length === 0)
    throw new UsageError(
      'no machine was named, and none was found on this host',
      'see vmssh list; an address needs no list: vmssh ssh vsock/3',
    );
  const { addon } = loadAddon();
  if (!addon) throw new UsageError('no machine was named');
  const items = listed({ runningOnly: false }, listing).map((machine) => ({
    machine,
    cells: [machine.name, machine.provider, machine.status].map(printable),
  }));
  return (await pick(items, 'Which machine?', io, addon))?.machine;
}

/** Asks a yes or no question on the terminal. Enter alone answers `first`. Undefined: the user left, or the terminal is gone. Throws a UsageError without a terminal. */
export async function askWhether(question: string, first: 'yes' | 'no', io: Io) {
  const { addon } = loadAddon();
  if (!canPick(io) || !addon)
    throw new UsageError('nobody can be asked here, so nothing was changed', 'do it with --yes');
  const answers = [first, first === 'yes' ? 'no' : 'yes'].map((word) => ({ cells: [word] }));
  const asked = `${question} ${first === 'yes' ? '[Y/n]' : '[y/N]'}`;
  const answer = await pick(answers, asked, io, addon, 0);
  return answer && answer.cells[0] === 'yes';
}

/** Whether a plan that was shown is wanted. Says that nothing was changed if not. */
export async function mayCarryOut(io: Io): Promise<boolean> {
  const isWanted = await askWhether('Do it?', 'yes', io);
  if (!isWanted) io.err('Nothing was changed.\n');
  return isWanted === true;
}
