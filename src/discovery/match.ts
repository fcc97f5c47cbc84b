import { parseUuid } from '../address/guid.js';
import { slug } from '../address/slug.js';

/** The fields that a machine can be found by. */
export interface Named {
  readonly name: string;
  readonly uuid?: string | undefined;
}

/**
 * The machines that `wanted` can mean: by name, else ignoring case (ssh lower-cases %h), else by slug, else by UUID or
 * machine id.
 */
export function match<T extends Named>(wanted: string, machines: readonly T[]): readonly T[] {
  const lower = wanted.toLowerCase();
  const id = parseUuid(wanted);
  const tests: ((machine: T) => boolean)[] = [
    ({ name }) => name === wanted,
    ({ name }) => name.toLowerCase() === lower,
    ({ name }) => slug(name).toLowerCase() === lower,
    ({ uuid }) => id !== undefined && parseUuid(uuid ?? '') === id,
  ];
  for (const test of tests) {
    const matches = machines.filter(test);
    if (matches.length > 0) return matches;
  }
  return [];
}
