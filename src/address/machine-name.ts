import { hasControlCharacter } from './control-character.js';

/**
 * What forbids a name of a machine before anybody is asked for it, one clause; undefined where nothing does. A name may
 * become part of a path. `what` names the thing in the clause.
 */
export function nameProblem(name: string, what = 'machine name'): string | undefined {
  if (name === '') return `the ${what} is empty`;
  if (hasControlCharacter(name)) return `the ${what} holds a control character`;
  if (name.includes('/')) return `the ${what} holds a slash: ${JSON.stringify(name)}`;
  if (name === '.' || name === '..') return `the ${what} is "${name}"`;
  return undefined;
}
