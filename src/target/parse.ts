import { hasControlCharacter } from '../address/control-character.js';
import { ConnectError } from '../errors.js';
import { kinds } from './kinds.js';
import type { Target } from './target.js';

/** Understands what was typed, by its text alone. Throws a ConnectError of op parse. */
export function parseTarget(text: string): Target {
  if (text === '') throw refusal(text, 'the target is empty', formsHint());
  if (hasControlCharacter(text)) throw refusal(text, 'it holds control characters');
  for (const kind of kinds) {
    const match = kind.match(text);
    if (!match) continue;
    try {
      return kind.parse(match);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw refusal(text, error.message, `the form is ${kind.form}: ${kind.summary}`);
    }
  }
  const isName = /^[^/%:]+$/.test(text);
  throw refusal(text, 'unknown kind of target', isName ? `${byName}; ${formsHint()}` : formsHint());
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
