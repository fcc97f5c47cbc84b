import { setTimeout as sleep } from 'node:timers/promises';
import type { Addon } from 'node-hvsock-native';
import type { Io } from '../cli/command.js';
import { styles } from '../cli/style.js';
import { fitted, width } from '../cli/width.js';
import { type Choice, changed, type Item, type Line, matching, shownLines } from './choice.js';
import { KeyReader } from './keys.js';

/** The parts of the process that are needed to restore the terminal, and to notice a new size. */
type Host = Pick<NodeJS.Process, 'on' | 'off' | 'exit'>;

export interface PickerDeps {
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

/**
 * Has the user choose on the terminal of stdin and stderr, which is as before afterwards: of all that was drawn, the question stays,
 * with the answer. `onEsc`: what Esc chooses. Undefined: none was chosen.
 */
export async function pick<T extends Item>(
  items: readonly T[],
  question: string,
  io: Io,
  addon: Addon,
  { columns, host, silence }: PickerDeps = ownDeps,
  onEsc?: T,
): Promise<T | undefined> {
  const style = await styles(io, 'stderr');
  const reader = new KeyReader();
  let reading: ReturnType<Addon['readKeys']> | undefined;
  let choice: Choice = { filter: '', at: 0 };
  let drawn: readonly Line[] = [];
  // One column stays free: a cursor past the last one would be in the next line.
  const wide = () => Math.max(1, (columns() || 80) - 1);
  const clear = () => {
    const rows = drawn.reduce((sum, { text }) => sum + Math.max(1, Math.ceil(width(text) / wide())), 0);
    return drawn.length === 0 ? '' : `\r${rows > 1 ? `\x1b[${rows - 1}A` : ''}\x1b[J`;
  };
  const draw = () => {
    const lines = shownLines(items, choice, question, wide(), onEsc && `for ${onEsc.cells[0]}`);
    io.err(clear() + lines.map(({ text, look }) => (look ? style[look](text) : text)).join('\n'));
    drawn = lines;
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
        const does = 'does' in key ? key.does : undefined;
        const isEsc = does === 'leave';
        if (does === 'interrupt' || (isEsc && !onEsc)) return undefined;
        const marked = does === 'enter' ? matching(items, choice.filter)[choice.at] : undefined;
        const chosen = isEsc ? onEsc : marked;
        if (chosen) {
          answered = `${fitted(`${question} ${chosen.cells[0] ?? ''}`, wide())}\n`;
          return chosen;
        }
        choice = changed(items, choice, key);
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
  const silent = silence(over.signal).then(
    () => undefined,
    () => undefined,
  );
  return Promise.race([typed, silent]).finally(() => over.abort());
}

const deadly = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
