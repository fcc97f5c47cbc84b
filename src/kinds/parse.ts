import { hasControlCharacter } from '../address/control-character.js';
import { offered } from '../address/shell-word.js';
import { similarTo } from '../address/similar.js';
import { ConnectError } from '../errors.js';
import { type Split, split } from '../target/split.js';
import type { AnyTarget } from '../target/target.js';
import type { Kind } from './kind.js';
import { kinds, type Target } from './kinds.js';

/** Parses a typed target, without looking anything up. Throws a ConnectError of op parse. */
export function parseTarget(text: string): Target {
  return parseBy<Target>(kinds, text);
}

/** The same with another table of kinds. */
export function parseBy<T extends AnyTarget>(table: readonly Kind<T>[], text: string): T {
  if (text === '') throw refusal(text, 'the target is empty', formsHint(table));
  if (hasControlCharacter(text)) throw refusal(text, 'it contains control characters');
  const parts = split(text);
  const kind = table.find((each) => isOf(each, parts));
  if (!kind) {
    throw refusal(text, 'unknown kind of target', meant(table, parts) ?? formsHint(table));
  }
  try {
    return kind.parse(parts, (inner) => parseBy(table, inner));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw refusal(text, error.message, `the form is ${kind.form}: ${kind.summary}`);
  }
}

function isOf(kind: Kind, { text, word, separator }: Split): boolean {
  if (separator === '') return kind.isBare?.(text) === true;
  return kind.name === word && kind.separators.includes(separator);
}

/** The same, but undefined if the text is not a target. */
export function asTarget(text: string): Target | undefined {
  try {
    return parseTarget(text);
  } catch (error) {
    if (error instanceof ConnectError) return undefined;
    throw error;
  }
}

/** A bare name only reaches the proxy if no Host in ssh's configuration matches it. */
const byName = 'a machine by its name: vmssh ssh NAME, or vmssh config install and then ssh NAME';

function refusal(text: string, problem: string, hint?: string): ConnectError {
  return new ConnectError('parse', text, { code: 'USAGE', problem, hint });
}

/** A hint for a mistyped kind, or for another separator than its own; undefined if it is like none. */
function meant(table: readonly Kind[], { word, separator, rest }: Split): string | undefined {
  if (separator === '') return `${byName}; ${formsHint(table)}`;
  const typed = table.filter(({ separators }) => separators.length > 0);
  const [near] = similarTo(
    word,
    typed.map(({ name }) => name),
  );
  const kind = typed.find(({ name }) => name === near);
  if (!kind) return undefined;
  const joint = kind.separators.includes(separator) ? separator : kind.separators[0];
  return `did you mean ${offered(`${kind.name}${joint}${rest}`)}?`;
}

function formsHint(table: readonly Kind[]): string {
  return `a target is one of ${table.map(({ form }) => form).join(', ')}`;
}
