import { setTimeout as sleep } from 'node:timers/promises';
import type { Addon } from 'node-hvsock-native';
import { UsageError } from '../cli/command.js';
import { canPick, fitted, startProgress, styles, width } from '../cli/terminal.js';
import { printable } from '../errors.js';
import { listed } from '../machines/listed.js';
import { loadAddon } from '../native.js';
import type { Io } from '../process/io.js';
import { loadHere } from '../sources/here.js';
import { listAll } from '../sources/list-all.js';
import type { ListedMachine } from '../sources/merge.js';

/** The parts of the process that are needed to restore the terminal, and to notice a new size. */
type Host = Pick<NodeJS.Process, 'on' | 'off' | 'exit'>;

interface PickerDeps {
  /** The width of the terminal at stderr. */
  readonly columns: () => number | undefined;
  readonly host: Host;
  /** The time after which ESC by itself is the key Esc. */
  readonly silence: (signal: AbortSignal) => Promise<void>;
}

const ownDeps: PickerDeps = {
  columns: () => process.stderr.columns,
  host: process,
  // As node:readline's escapeCodeTimeout.
  silence: (signal) => sleep(500, undefined, { signal }),
};

/** Has the user choose one of the items. Undefined: none was chosen. */
export async function pick<T extends Item>(
  items: readonly T[],
  question: string,
  io: Io,
  addon: Addon,
  deps = ownDeps,
): Promise<T | undefined> {
  let choice = nothingTyped;
  const prompt: Prompt<T> = {
    question,
    lines: (columns) => shownLines(items, choice, question, columns),
    take(key) {
      const does = 'does' in key && key.does;
      if (does === 'leave') return { chosen: undefined };
      const chosen = does === 'enter' ? matching(items, choice.filter)[choice.at] : undefined;
      if (chosen) return { chosen, said: chosen.cells[0] };
      choice = applyKey(items, choice, key);
      return undefined;
    },
  };
  return answerOf(prompt, io, addon, deps);
}

/** What a question draws, and what its keys do. */
interface Prompt<T> {
  readonly question: string;
  /** None wider than `columns`; the cursor stays at the end of the last one. */
  readonly lines: (columns: number) => readonly Line[];
  /** The answer, and the word that stays behind the question, if the key ends it. */
  readonly take: (key: Key) => { readonly chosen: T | undefined; readonly said?: string } | undefined;
}

/** Asks on the terminal of stdin and stderr. Of all that was drawn, only the question stays, with the answer. Undefined: the user left. */
async function answerOf<T>(
  { question, lines, take }: Prompt<T>,
  io: Io,
  addon: Addon,
  { columns, host, silence }: PickerDeps,
): Promise<T | undefined> {
  const style = await styles(io, 'stderr');
  const reader = new KeyReader();
  let reading: ReturnType<Addon['readKeys']> | undefined;
  let drawn: readonly Line[] = [];
  // One column stays free: a cursor past the last one would be in the next line.
  const wide = () => Math.max(1, (columns() || 80) - 1);
  const clear = () => {
    const rows = drawn.reduce((sum, { text }) => sum + Math.max(1, Math.ceil(width(text) / wide())), 0);
    return drawn.length === 0 ? '' : `\r${rows > 1 ? `\x1b[${rows - 1}A` : ''}\x1b[J`;
  };
  const draw = () => {
    const now = lines(wide());
    io.err(clear() + now.map(({ text, look }) => (look ? style[look](text) : text)).join('\n'));
    drawn = now;
  };
  let answered = '';
  const end = () => {
    io.err(clear() + answered);
    drawn = [];
    addon.rawTerminal(false);
  };
  const stop = (_: NodeJS.Signals, number: number) => {
    end();
    host.exit(128 + number);
  };
  for (const signal of deadly) host.on(signal, stop);
  if (io.platform !== 'win32') host.on('SIGWINCH', draw);
  addon.rawTerminal(true);
  try {
    for (;;) {
      draw();
      reading ??= addon.readKeys();
      const typed = await (reader.isWaiting ? unlessSilent(reading.promise, silence) : reading.promise);
      if (typed) reading = undefined;
      if (typed?.length === 0) return undefined;
      for (const key of typed ? reader.push(typed) : reader.giveUp()) {
        if ('does' in key && key.does === 'interrupt') return undefined;
        const taken = take(key);
        if (taken?.said !== undefined) answered = `${fitted(`${question} ${taken.said}`, wide())}\n`;
        if (taken) return taken.chosen;
      }
    }
  } finally {
    reading?.promise.catch(() => {});
    reading?.cancel();
    end();
    for (const signal of deadly) host.off(signal, stop);
    if (io.platform !== 'win32') host.off('SIGWINCH', draw);
  }
}

/** What was typed, or undefined if nothing was for a while. */
async function unlessSilent(
  typed: Promise<Uint8Array>,
  silence: PickerDeps['silence'],
): Promise<Uint8Array | undefined> {
  const over = new AbortController();
  const silent = silence(over.signal)
    .catch(() => {})
    .then(() => undefined);
  return Promise.race([typed, silent]).finally(() => over.abort());
}

const deadly = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Something to choose; its cells are safe to print. */
interface Item {
  readonly cells: readonly string[];
}

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

/** Lines of items that are shown at once. */
const page = 8;

/** The items whose cells have each word of the filter. */
export function matching<T extends Item>(items: readonly T[], filter: string): readonly T[] {
  const words = filter.toLowerCase().split(/\s+/);
  return items.filter(({ cells }) => {
    const text = cells.join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The choice after a key that neither ends it nor leaves. */
export function applyKey(items: readonly Item[], choice: Choice, key: Key): Choice {
  const { filter, at } = choice;
  if ('text' in key) return { filter: filter + key.text, at: 0 };
  const last = Math.max(0, matching(items, filter).length - 1);
  const indexes: Partial<Record<Action, number>> = {
    up: at === 0 ? last : at - 1,
    down: at === last ? 0 : at + 1,
    'page-up': at - page,
    'page-down': at + page,
    first: 0,
    last,
  };
  const index = indexes[key.does];
  if (index !== undefined) return { filter, at: Math.min(last, Math.max(0, index)) };
  if (key.does === 'erase') return { filter: [...filter].slice(0, -1).join(''), at: 0 };
  return key.does === 'erase-all' ? { filter: '', at: 0 } : choice;
}

/** The lines to show, none wider than `columns`; the cursor stays at the end of the last one. */
export function shownLines(
  items: readonly Item[],
  { filter, at }: Choice,
  question: string,
  columns: number,
): readonly Line[] {
  const found = matching(items, filter);
  const from = Math.max(0, Math.min(at - page + 1, found.length - page));
  const widths = (items[0]?.cells ?? []).map((_, i) =>
    items.reduce((most, { cells }) => Math.max(most, width(cells[i] ?? '')), 0),
  );
  const shown = found.slice(from, from + page).map(({ cells }, i): Line => {
    const marked = from + i === at;
    const text = cells.map((cell, j) => cell + ' '.repeat((widths[j] ?? 0) - width(cell))).join('  ');
    const line = fitted(`${marked ? '>' : ' '} ${text}`.trimEnd(), columns);
    return marked ? { text: line, look: 'bold' } : { text: line };
  });
  const help = `${found.length} of ${items.length}: type to filter, arrows and Enter to choose, Esc to leave`;
  return [
    ...shown,
    { text: fitted(help, columns), look: 'dim' },
    { text: fitted(`${question} ${filter}`, columns) },
  ];
}

/** A key that was typed: what it does, or the text of it. */
type Key = { readonly does: Action } | { readonly text: string };

type Action = keyof typeof keys;

/** Splits what a terminal sends into keys; unknown sequences and control characters are dropped. */
export class KeyReader {
  readonly #decoder = new TextDecoder();
  /** The beginning of a sequence. */
  #rest = '';

  /** Whether more may belong to what was read: an arrow is ESC and two bytes, which may arrive one by one. */
  get isWaiting(): boolean {
    return this.#rest !== '';
  }

  push(bytes: Uint8Array): readonly Key[] {
    const typed: Key[] = [];
    let left = this.#rest + this.#decoder.decode(bytes, { stream: true });
    this.#rest = '';
    while (left !== '') {
      const [sequence = ''] = left.startsWith(esc) ? (wholeSequence.exec(left.slice(1)) ?? []) : [];
      if (sequence === '' && left.startsWith(esc) && /^([[O]|$)/.test(left.slice(1))) {
        this.#rest = left.length > longest ? '' : left;
        break;
      }
      const key = sequence ? esc + sequence : String.fromCodePoint(left.codePointAt(0) ?? 0);
      left = left.slice(key.length);
      const does = actions.get(key);
      if (does) typed.push({ does });
      else if (!/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(key)) typed.push({ text: key });
    }
    return typed;
  }

  /** What it waits with, once nothing more came: ESC by itself is the key; a sequence without end is none. */
  giveUp(): readonly Key[] {
    const isKey = this.#rest === esc;
    this.#rest = '';
    return isKey ? [{ does: 'leave' }] : [];
  }
}

const esc = '\x1b';
/** ECMA-48, after ESC: CSI, parameters, one final byte; and SS3 with one byte, as of arrows in application mode. */
const wholeSequence = /^(?:\[[0-?]*[ -/]*[@-~]|O[@-~])/;
const longest = 32;

const keys = {
  up: ['\x1b[A', '\x1bOA', '\x10'],
  down: ['\x1b[B', '\x1bOB', '\x0e'],
  'page-up': ['\x1b[5~'],
  'page-down': ['\x1b[6~'],
  first: ['\x1b[H', '\x1b[1~', '\x1bOH'],
  last: ['\x1b[F', '\x1b[4~', '\x1bOF'],
  enter: ['\r', '\n'],
  erase: ['\x7f', '\b'],
  'erase-all': ['\x15'],
  leave: ['\x1b', '\x04'],
  interrupt: ['\x03'],
};
const actions = new Map(
  Object.entries(keys).flatMap(([does, all]) => all.map((key) => [key, does as Action] as const)),
);

/** Has the user choose one of this host's machines. Undefined: none was chosen. Throws a UsageError if there are none. */
export async function pickMachine(
  io: Io,
  machines: (io: Io) => Promise<readonly ListedMachine[]> = async ({ env, platform }) =>
    (await listAll({ env }, await loadHere({ env, platform }))).machines,
): Promise<ListedMachine | undefined> {
  const progress = await startProgress(io, 'looking for machines');
  const found = await machines(io).finally(() => progress.stop());
  if (found.length === 0)
    throw new UsageError(
      'no machine was named, and none was found on this host',
      'see vmssh list; an address needs no list: vmssh ssh vsock/3',
    );
  const { addon } = loadAddon();
  if (!addon) throw new UsageError('no machine was named');
  const items = listed({ runningOnly: false }, { machines: found }).map((machine) => ({
    machine,
    cells: [machine.name, machine.provider, machine.status].map(printable),
  }));
  return (await pick(items, 'Which machine?', io, addon))?.machine;
}

/** Asks a yes or no question on the terminal. Enter alone answers `first`, Esc answers no. Undefined: the user pressed Ctrl-C, or the terminal is gone. Throws a UsageError without a terminal. */
export async function askWhether(question: string, first: 'yes' | 'no', io: Io) {
  const { addon } = loadAddon();
  if (!canPick(io) || !addon)
    throw new UsageError('nobody can be asked here, so nothing was changed', 'do it with --yes');
  const asked = `${question} ${first === 'yes' ? '[Y/n]' : '[y/N]'}`;
  let typed = nothingTyped;
  const prompt: Prompt<boolean> = {
    question: asked,
    lines: (columns) => [{ text: fitted(`${asked} ${typed.filter}`, columns) }],
    take(key) {
      const does = 'does' in key && key.does;
      const word = does === 'leave' ? 'no' : typed.filter.trim().toLowerCase() || first;
      const chosen = ['y', 'yes'].includes(word);
      if (does === 'leave' || (does === 'enter' && (chosen || ['n', 'no'].includes(word))))
        return { chosen, said: chosen ? 'yes' : 'no' };
      typed = does === 'enter' ? nothingTyped : applyKey([], typed, key);
      return undefined;
    },
  };
  return answerOf(prompt, io, addon, ownDeps);
}

/** Whether a plan that was shown is wanted. Says that nothing was changed if not. */
export async function mayCarryOut(io: Io): Promise<boolean> {
  const isWanted = await askWhether('Do it?', 'yes', io);
  if (!isWanted) io.err('Nothing was changed.\n');
  return isWanted === true;
}
