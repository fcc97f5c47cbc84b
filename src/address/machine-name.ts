import { hasControlCharacter } from './control-character.js';

/**
 * Why a text cannot be a machine's name, one clause, checked before any provider is asked; undefined if it can. A name
 * may become part of a path. `what` is the subject of the clause.
 */
export function nameProblem(name: string, what = 'machine name'): string | undefined {
  if (name === '') return `the ${what} is empty`;
  if (hasControlCharacter(name)) return `the ${what} contains a control character`;
  if (name.includes('/')) return `the ${what} contains a slash: ${JSON.stringify(name)}`;
  if (name === '.' || name === '..') return `the ${what} is "${name}"`;
  return undefined;
}
