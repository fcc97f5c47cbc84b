import { hasControlCharacter } from '../address/control-character.js';
import { ConnectError } from '../errors.js';
import { kinds } from './kinds.js';
import { type Split, split } from './split.js';
import type { Kind, Target } from './target.js';

/** Understands what was typed, by its text alone. Throws a ConnectError of op parse. */
export function parseTarget(text: string): Target {
  if (text === '') throw refusal(text, 'the target is empty', formsHint());
  if (hasControlCharacter(text)) throw refusal(text, 'it holds control characters');
  const parts = split(text);
  const kind = kinds.find((each) => isOf(each, parts));
  if (!kind) {
    const hint = parts.separator === '' ? `${byName}; ${formsHint()}` : formsHint();
    throw refusal(text, 'unknown kind of target', hint);
  }
  try {
    return kind.parse(parts);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw refusal(text, error.message, `the form is ${kind.form}: ${kind.summary}`);
  }
}

function isOf(kind: Kind, { text, word, separator }: Split): boolean {
  if (separator === '') return kind.isBare?.(text) === true;
  return kind.words.includes(word) && kind.separators.includes(separator);
}

/** The same, where a text need not be a target: undefined for what is none. */
export function asTarget(text: string): Target | undefined {
  try {
    return parseTarget(text);
  } catch (error) {
    if (error instanceof ConnectError) return undefined;
    throw error;
  }
}

/** A name alone reaches the proxy only where no Host of ssh's configuration stands for it. */
const byName = 'a machine by its name: vmssh ssh NAME, or vmssh config install and then ssh NAME';

function refusal(text: string, problem: string, hint?: string): ConnectError {
  return new ConnectError('parse', text, { code: 'USAGE', problem, hint });
}

function formsHint(): string {
  return `a target is one of ${kinds.map((kind) => kind.form).join(', ')}`;
}
