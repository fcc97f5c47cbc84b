import type { ListedMachine } from '../discovery/merge.js';
import type { KeyNames } from '../host-keys/edit.js';
import { type Kind, machinesOf } from '../kinds/kind.js';
import { kindOf, kinds, type Target } from '../kinds/kinds.js';
import { nameOf } from '../target/target.js';
import { hostKeyAlias, type Identified } from './identity.js';

/** A target as typed, and its machine if listed. */
export interface Typed extends Identified {
  readonly text: string;
  readonly machine?: (Identified['machine'] & Pick<ListedMachine, 'also'>) | undefined;
}

/** A machine's names in known_hosts; undefined for an address. With a UUID only the alias counts. */
export function keyNames(typed: Typed): KeyNames | undefined {
  const alias = hostKeyAlias(typed);
  if (alias === undefined) return undefined;
  return { alias, typed: alias.includes('%') ? typedNames(typed) : [] };
}

/** The names under which ssh keeps a machine's key when they are typed: only a pattern of vmssh.conf matches them. */
export function typedNames({ text, target, machine }: Typed): readonly string[] {
  const texts = [text, ...twins(target), ...(machine ? [machine.target, ...machine.also] : [])];
  const names = texts.flatMap((each) => [each, each.replaceAll('%', '/'), each.replaceAll('/', '%')]);
  return [...new Set(names)];
}

// container/web is the same as machine/web.
function twins(target: Target): readonly string[] {
  const own = kindOf(target);
  const table: readonly Kind[] = kinds;
  const others = table.filter((kind) => kind.name !== own.name && machinesOf(kind) === machinesOf(own));
  return others.map(({ name }) => `${name}/${nameOf(target)}`);
}
