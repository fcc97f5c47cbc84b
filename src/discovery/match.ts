import { parseUuid } from '../address/guid.js';
import { slug } from '../address/slug.js';

/** The fields that a machine can be found by. */
export interface Named {
  readonly name: string;
  readonly uuid?: string | undefined;
  readonly provider?: string | undefined;
}

/**
 * "mint.mshome.net", as Windows names the machine Mint on Hyper-V's own network, in lower case; also one of Multipass.
 * Undefined for a machine of another provider.
 */
export function windowsName({ name, provider }: Named): string | undefined {
  return provider === 'hyper-v' ? `${slug(name).toLowerCase()}.mshome.net` : undefined;
}

/**
 * The machines that `wanted` can mean: by name, else ignoring case (ssh lower-cases %h), else by slug, else by UUID or
 * machine id, else by the name that Windows gives it on a network.
 */
export function match<T extends Named>(wanted: string, machines: readonly T[]): readonly T[] {
  const lower = wanted.toLowerCase();
  const id = parseUuid(wanted);
  const tests: ((machine: T) => boolean)[] = [
    ({ name }) => name === wanted,
    ({ name }) => name.toLowerCase() === lower,
    ({ name }) => slug(name).toLowerCase() === lower,
    ({ uuid }) => id !== undefined && parseUuid(uuid ?? '') === id,
    (machine) => windowsName(machine) === lower,
  ];
  for (const test of tests) {
    const matches = machines.filter(test);
    if (matches.length > 0) return matches;
  }
  return [];
}
