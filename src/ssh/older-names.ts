import { isHostName } from '../address/host-name.js';
import { slug } from '../address/slug.js';
import type { ListedMachine } from '../discovery/merge.js';
import type { KeyNames } from '../host-keys/adopt.js';
import { type Kind, machinesOf } from '../kinds/kind.js';
import { kindOf, kinds, type Target } from '../kinds/kinds.js';
import { asTarget } from '../kinds/parse.js';
import { nameOf } from '../target/target.js';
import { hostKeyAlias, type Identified } from './identity.js';

/** A target as typed, and its machine if listed. */
export interface Typed extends Identified {
  readonly text: string;
  readonly machine?: (Identified['machine'] & Pick<ListedMachine, 'also'>) | undefined;
}

/** A machine's names in known_hosts; undefined for an address. A UUID has no older names, since only it has its keys. */
export function keyNames(typed: Typed): KeyNames | undefined {
  const alias = hostKeyAlias(typed);
  if (alias === undefined) return undefined;
  return { alias, older: alias.includes('%') ? olderNames(typed) : [] };
}

/** Other names that known_hosts may have for a machine: those typed for a pattern, and those of earlier versions. */
export function olderNames({ text, target, machine }: Typed): readonly string[] {
  const texts = [text, ...twins(target), ...(machine ? [machine.target, ...machine.also] : [])];
  const names = texts.flatMap((each) => {
    const host = each.replaceAll('/', '%');
    const bare = isHostName(host) ? [] : [slug(nameOf(asTarget(each) ?? target))];
    return [each, each.replaceAll('%', '/'), host, slug(each.replaceAll(/[/%]/g, '-')), ...bare];
  });
  return [...new Set(names)].filter((name) => name !== '');
}

// container/web is the same as machine/web.
function twins(target: Target): readonly string[] {
  const own = kindOf(target);
  const table: readonly Kind[] = kinds;
  const others = table.filter((kind) => kind.name !== own.name && machinesOf(kind) === machinesOf(own));
  return others.map(({ name }) => `${name}/${nameOf(target)}`);
}
