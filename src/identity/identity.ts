import { createHash } from 'node:crypto';
import { parseUuid, vmIds } from '../address/guid.js';
import { slug } from '../address/slug.js';
import type { ListedMachine } from '../discovery/merge.js';
import type { Authority } from '../discovery/tools/scope.js';
import type { KeyNames } from '../identity/edit.js';
import { type Kind, machinesOf } from '../kinds/kind.js';
import { kindOf, kinds, type Target } from '../kinds/kinds.js';
import { asTarget } from '../kinds/parse.js';
import { type AnyTarget, type NamedTarget, nameOf, type ViaTarget } from '../target/target.js';

/** A target, and its machine if listed. */
export interface Identified {
  readonly target: Target;
  readonly machine?: Pick<ListedMachine, 'target' | 'uuid' | 'authority'>;
}

/**
 * A machine's name in known_hosts: its UUID or machine id, which outlives its CID, address and name; without one, its
 * kind and name, and for some kinds its owner. It is unique, and contains no pattern for ssh. Undefined for an address.
 */
export function hostKeyAlias({ target, machine }: Identified): string | undefined {
  if (!isNamed(target)) return undefined;
  const listed = asTarget(machine?.target ?? '');
  const own = listed && isNamed(listed) ? listed : target;
  return (
    uuidAlias(machine?.uuid ?? ('vmId' in own ? own.vmId : undefined)) ?? nameAlias(own, machine?.authority)
  );
}

/** All names that it may have without a UUID, if it is not known whose it is. */
export function possibleAliases(target: Target): readonly string[] {
  return isNamed(target) ? [...new Set([nameAlias(target), nameAlias(target, 'user')])] : [];
}

/** The name for a UUID or machine id; undefined if it is none, or all zeros. */
export function uuidAlias(uuid = ''): string | undefined {
  const id = parseUuid(uuid);
  return id === undefined || id === vmIds.ZERO ? undefined : `vmssh-${id}`;
}

/** Whether a target names a machine, not an address where another one may answer later. */
export function isNamed(target: AnyTarget): boolean {
  const { inner } = target as Partial<ViaTarget>;
  return inner ? isNamed(inner) : kindOf(target).hostKey === 'machine';
}

// No UUID contains "%"; no name that is kept as it is contains "=".
function nameAlias(target: AnyTarget & Partial<NamedTarget>, authority?: Authority): string {
  if (target.kind === 'via') return `vmssh-via%${exact(nameThere(target as ViaTarget))}`;
  const kind = kindOf(target);
  const scope = 'scope' in target && target.scope !== 'any' ? `-${target.scope}` : '';
  const owner = kind.keyHasOwner && authority === 'user' ? '-user' : '';
  return `vmssh-${machinesOf(kind)}${scope}${owner}%${exact(nameOf(target))}`;
}

/** The hypervisor and the machine's name there: two hypervisors may have machines of one name. */
function nameThere({ host, target, inner }: ViaTarget): string {
  return `${host.toLowerCase()}/${inner ? nameAlias(inner) : target}`;
}

/**
 * A name in a form that is its own in known_hosts, where case does not matter, "*", "?", "!" and "," are special, and a
 * blank ends a name; and as the name of a folder.
 */
export function exact(name: string): string {
  const plain = slug(name).toLowerCase();
  if (name === plain) return name;
  return `${plain}=${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

/** A target as typed, and its machine if listed. */
export interface Typed extends Identified {
  readonly text: string;
  readonly machine?: Identified['machine'] & Pick<ListedMachine, 'also'>;
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
