import { printable } from '../base/errors.js';
import { loadAddon } from '../base/native.js';
import { type Env, now, type Surroundings, wantsColor } from '../base/runtime.js';
import type { Io } from '../process/io.js';
import type { Trace } from '../reach/reach.js';

export interface Progress {
  update(text: string): void;
  /** Takes the line away for other output, until it is drawn again. */
  clear(): void;
  stop(): void;
}

type Host = Pick<NodeJS.Process, 'prependListener' | 'off' | 'listenerCount' | 'exit'>;

type Spinner = Pick<ReturnType<typeof import('yocto-spinner').default>, 'start' | 'clear' | 'stop' | 'text'>;

type MakeSpinner = (options: { text: string; handleSignals: boolean }) => Spinner;

/** A spinner on a terminal, for what takes longer than the eye: from 0.3 s on, with the seconds from the third on. Nothing elsewhere. */
export async function startProgress(
  io: { readonly terminal: Io['terminal']; readonly env: Env },
  text: string,
  clock: () => number = now,
  host: Host = process,
  load: () => Promise<{ default: MakeSpinner }> = () => import('yocto-spinner'),
): Promise<Progress> {
  if (!io.terminal.stderr || io.env.TERM === 'dumb' || io.env.CI)
    return { update() {}, clear() {}, stop() {} };
  const start = clock();
  let shown = text;
  let spinner: Spinner | undefined;
  let isOver = false;
  const line = () => {
    const seconds = Math.floor((clock() - start) / 1000);
    return seconds < 3 ? `${shown}…` : `${shown}… ${seconds} s`;
  };
  const appear = async () => {
    const { default: createSpinner } = await load();
    // Node's own handlers would end the process before a command can report how far it got.
    if (!isOver) spinner = createSpinner({ text: line(), handleSignals: false }).start() as Spinner;
  };
  const draw = () => {
    if (spinner) spinner.text = line();
  };
  const later = setTimeout(() => void appear(), 300);
  const timer = setInterval(draw, 250);
  const stop = () => {
    isOver = true;
    clearTimeout(later);
    clearInterval(timer);
    spinner?.stop();
    host.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    stop();
    if (host.listenerCount(signal) === 0) host.exit(signal === 'SIGINT' ? 130 : 143);
  };
  // Before a command's own handlers: `onSignal` counts those that are left.
  host.prependListener('SIGINT', onSignal).prependListener('SIGTERM', onSignal);
  return {
    update(next) {
      shown = next;
      draw();
    },
    clear: () => spinner?.clear(),
    stop,
  };
}

export async function styles(surroundings: Surroundings, stream: 'stdout' | 'stderr') {
  const { Chalk } = await import('chalk');
  return new Chalk({ level: wantsColor(surroundings, stream) ? 1 : 0 });
}

/** The columns of a text in a terminal: East Asian characters and emoji take two, and combining marks none. */
export function width(text: string): number {
  return [...text].reduce((sum, c) => sum + widthOf(c), 0);
}

/** The text, or as much of its beginning as fits, with "…" at the end. */
export function fitted(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let fits = '';
  let left = columns - 1;
  for (const c of text) {
    left -= widthOf(c);
    if (left < 0) break;
    fits += c;
  }
  return columns > 0 ? `${fits}…` : '';
}

/** A part of a text, such as a command, that `inLines` does not break; who prints the lines puts its spaces back. */
export function whole(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

/** The text in lines of at most `columns`, broken at spaces; a longer word has a line to itself. */
export function inLines(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let used = 0;
  for (const word of text.split(' ')) {
    const size = width(word);
    const last = lines.at(-1);
    if (last === undefined || used + 1 + size > columns) {
      lines.push(word);
      used = size;
    } else {
      lines[lines.length - 1] = `${last} ${word}`;
      used += 1 + size;
    }
  }
  return lines;
}

function widthOf(character: string): number {
  return /\p{Mn}/u.test(character) ? 0 : wideCharacter.test(character) ? 2 : 1;
}

const wideCharacter =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Whether a person can be asked: keys come from a terminal, and another or the same one shows the list. */
export function canPick({ terminal, env }: Io): boolean {
  return terminal.stdin && terminal.stderr && env.TERM !== 'dumb' && loadAddon().addon !== undefined;
}

export function stepTrace(io: Io, clock: () => number = now): Trace {
  let last = clock();
  return (step, outcome) => {
    const time = clock();
    const passed = (time - last).toFixed(1).padStart(7);
    io.err(`${io.program}: ${step.padEnd(7)} ${passed} ms  ${printable(outcome)}\n`);
    last = time;
  };
}
