import { parseUuid } from '../address/guid.js';
import { slug } from '../address/slug.js';
import type { ContainerFacts } from './provider.js';
import type { Authority } from './tools/scope.js';

/** The fields that a machine can be found by. */
export interface Named {
  readonly name: string;
  readonly uuid?: string | undefined;
  readonly provider?: string | undefined;
  readonly authority?: Authority | undefined;
  readonly container?: Pick<ContainerFacts, 'id'> | undefined;
}

/**
 * The machines that `wanted` can mean: by UUID or machine id, which a machine that is only named so does not have; else by name; else by name,
 * ignoring case (ssh lower-cases %h); else by slug; else by a container's id, whole or its first digits. Machines of others are used only
 * if none of the user or the system matches, and not by a slug.
 */
export function match<T extends Named>(wanted: string, machines: readonly T[]): readonly T[] {
  const lower = wanted.toLowerCase();
  const id = parseUuid(wanted);
  const tests: ((machine: T) => boolean)[] = [
    ({ uuid }) => id !== undefined && parseUuid(uuid ?? '') === id,
    ({ name }) => name === wanted,
    ({ name }) => name.toLowerCase() === lower,
    ({ name, authority }) => authority !== 'other' && slug(name).toLowerCase() === lower,
    ({ container }) => hasId(container?.id, wanted),
  ];
  const ofOthers = machines.filter(isOfOthers);
  const own = ofOthers.length === 0 ? machines : machines.filter((each) => !isOfOthers(each));
  for (const from of [own, ofOthers])
    for (const test of tests) {
      const matches = from.filter(test);
      if (matches.length > 0) return matches;
    }
  return [];
}

/** As managers print it: 12 digits at least. */
function hasId(id: string | undefined, text: string): boolean {
  return /^[0-9a-f]{12,64}$/.test(text) && id?.startsWith(text) === true;
}

/** Whether a machine is another user's, or in a container: it has no short name, and takes none. */
export function isOfOthers({ authority }: Pick<Named, 'authority'>): boolean {
  return authority === 'other';
}
