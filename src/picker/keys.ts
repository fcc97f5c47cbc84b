/** A key that was typed: what it does, or the text of it. */
export type Key = { readonly does: Action } | { readonly text: string };

export type Action =
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'first'
  | 'last'
  | 'enter'
  | 'erase'
  | 'erase-all'
  | 'leave'
  | 'interrupt';

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
    const keys: Key[] = [];
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
      const does = actions[key];
      if (does) keys.push({ does });
      else if (!/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(key)) keys.push({ text: key });
    }
    return keys;
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

const actions: Partial<Readonly<Record<string, Action>>> = {
  '\x1b[A': 'up',
  '\x1bOA': 'up',
  '\x10': 'up',
  '\x1b[B': 'down',
  '\x1bOB': 'down',
  '\x0e': 'down',
  '\x1b[5~': 'page-up',
  '\x1b[6~': 'page-down',
  '\x1b[H': 'first',
  '\x1b[1~': 'first',
  '\x1bOH': 'first',
  '\x1b[F': 'last',
  '\x1b[4~': 'last',
  '\x1bOF': 'last',
  '\r': 'enter',
  '\n': 'enter',
  '\x7f': 'erase',
  '\b': 'erase',
  '\x15': 'erase-all',
  '\x1b': 'leave',
  '\x03': 'interrupt',
  '\x04': 'leave',
};
