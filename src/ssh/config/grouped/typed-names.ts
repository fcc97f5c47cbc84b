import type { ListedMachine } from '../../../discovery/merge.js';

type Named = Pick<ListedMachine, 'name' | 'target' | 'via'>;

/** What people type for a machine on another hypervisor: via/HOST/NAME, if that is only this one, and its target. */
export function typedNames(machine: Named, isOnly: boolean): readonly string[] {
  return forms(machine, isOnly).flatMap(({ via, there }) => [
    `via/${via}/${there}`,
    `via%${via}%${there.replaceAll('/', '%')}`,
  ]);
}

/**
 * The same as patterns for a Host, so that it is one machine to ssh. With "?" for the last separators, which no other host can
 * match: none has a slash or "%".
 */
export function typedPatterns(machine: Named, isOnly: boolean): readonly string[] {
  return forms(machine, isOnly).flatMap(({ via, there }) => {
    const pattern = there.replaceAll('/', '?');
    return [`via/${via}?${pattern}`, `via%${via}?${pattern}`];
  });
}

function forms({ name, target, via }: Named, isOnly: boolean) {
  if (via === undefined) return [];
  return [...(isOnly ? [name] : []), target.slice(`via/${via}/`.length)]
    .filter((there) => /^[\w./-]+$/.test(there))
    .map((there) => ({ via, there }));
}
