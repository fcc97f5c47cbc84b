import { createHash } from 'node:crypto';
import { asTarget, isNamed, kindOf, kinds, type Target } from '../kinds/kinds.js';
import type { MachineIdentity } from '../sources/source.js';
import type { Authority } from '../sources/trusted-path.js';
import { foldOf, slug } from '../typed/names.js';
import { parseUuid, vmIds } from '../typed/numbers.js';
import type { AnyTarget, NamedTarget, OutsideTarget, QemuTarget, ViaTarget } from '../typed/target.js';
import { nameOf } from '../typed/target.js';

/** A target, and its machine if it was found. */
export interface Identified {
  readonly target: Target;
  readonly machine?: MachineIdentity & { readonly target: string; readonly name?: string };
}

/**
 * Whose key it is, as its name in known_hosts: the machine's UUID or machine id; without one, its kind and name, and
 * for some kinds its owner. Undefined for an address.
 */
export function hostKeyAlias({ target, machine }: Identified): string | undefined {
  const listed = asTarget(machine?.target ?? '');
  const own = listed && isNamed(listed) ? listed : target;
  if (!isNamed(own)) return undefined;
  const uuid = machine?.authority === 'other' ? undefined : machine?.uuid;
  // What is behind another hypervisor is that hypervisor's own, whatever UUID it says.
  if (own.kind === 'via') return viaAlias(own, uuid);
  return uuidAlias(uuid ?? ('vmId' in own ? own.vmId : undefined)) ?? nameAlias(own, machine?.authority);
}

/** Whether it is by a UUID, and not by a name. */
export function isIdAlias(alias: string): boolean {
  return parseUuid(alias.replace(/^vmssh-(via%.*\/)?/, '')) !== undefined;
}

/** The name for a UUID or machine id; undefined if it is none, or all zeros. */
export function uuidAlias(uuid = ''): string | undefined {
  const id = parseUuid(uuid);
  return id === undefined || id === vmIds.ZERO ? undefined : `vmssh-${id}`;
}

/**
 * The names by which a machine is meant, each in a form without blanks: "machine%web", "via%…", and for what was typed
 * in place of a target "host%web".
 */
export function namesOf({ target, machine }: Identified, typed?: string): readonly string[] {
  const listed = asTarget(machine?.target ?? '');
  // Not an id that was typed: it is the machine's own, or its number, which is another one's tomorrow.
  const isSameName = nameOf(target).toLowerCase() === machine?.name?.toLowerCase();
  const isName = isNamed(target) && (machine?.name === undefined || target.kind === 'via' || isSameName);
  const named = [...(isName ? [target] : []), ...(listed && isNamed(listed) ? [listed] : [])];
  if (named.length === 0) return [];
  const names = named.flatMap((each) => [each, folded(each)]).map((each) => nameIn(each, machine?.authority));
  const short = typed === undefined || asTarget(typed) !== undefined ? [] : shortNames(typed, machine?.name);
  return [...new Set([...names, ...short])];
}

/** More names that may mean a machine of another hypervisor, if its UUID is not known: lower case, a name only, and each kind with that name. */
export function namesAlike({ target, machine }: Identified): readonly string[] {
  return uuidAlias(machine?.uuid) === undefined ? alikeThere(target) : [];
}

function alikeThere(target: AnyTarget): readonly string[] {
  if (target.kind !== 'via' || !isNamed(target)) return [];
  const { host, inner, target: typed } = target as ViaTarget;
  const name = (inner ? nameOf(inner) : typed).toLowerCase();
  const there = inner?.kind === 'via' ? alikeThere(inner).map((each) => `vmssh-${each}`) : [name];
  const byKind = inner ? [] : aliasesOf(name);
  const all = [...there, ...byKind].map((each) => viaName(host, each));
  return [...new Set([nameIn(folded(target)), ...all])];
}

function aliasesOf(name: string): readonly string[] {
  const named = kinds.filter((kind) => kind.rest === 'name' && kind.name !== 'outside');
  const aliases = named.map(({ name: kind }) => nameAlias({ kind, name }));
  const scopes = ['system', 'session'].map((scope) => nameAlias({ kind: 'qemu', scope, name } as QemuTarget));
  return [...aliases, ...scopes];
}

/** A target of another hypervisor with its part there in lower case; others as they are. */
function folded(target: AnyTarget & Partial<NamedTarget>, isThere = false): AnyTarget {
  if (target.kind === 'via') {
    const { target: typed, inner, ...rest } = target as ViaTarget;
    return { ...rest, target: typed.toLowerCase(), inner: inner && folded(inner, true) } as ViaTarget;
  }
  if (!isThere || target.name === undefined) return target;
  return { ...target, name: target.name.toLowerCase() } as AnyTarget;
}

function nameIn(target: AnyTarget, authority?: Authority): string {
  return nameAlias(target, authority).slice('vmssh-'.length);
}

/** A short name is found whatever its case, and by its slug: each such spelling means the machine, unless its Host has another name. */
function shortNames(typed: string, name = typed): readonly string[] {
  const all = foldOf(typed) === foldOf(name) ? [typed, name, slug(name).toLowerCase()] : [typed];
  return all.map((each) => `host%${exact(each)}`);
}

/** The hypervisor, and what it says is unique there: a UUID only counts for its own machines. */
function viaAlias(target: AnyTarget, uuid: string | undefined): string {
  const id = uuidAlias(uuid)?.slice('vmssh-'.length);
  return id === undefined ? nameAlias(target) : `vmssh-${viaName((target as ViaTarget).host, id)}`;
}

// No UUID contains "%"; no name that is kept as it is contains "=".
function nameAlias(target: AnyTarget & Partial<NamedTarget>, authority?: Authority): string {
  if (target.kind === 'via') {
    const { host, target: typed, inner } = target as ViaTarget;
    return `vmssh-${viaName(host, inner ? nameAlias(inner) : typed)}`;
  }
  // A source speaks of its own machines, and no kind of vmssh has its name.
  if (target.kind === 'outside')
    return `vmssh-outside-${(target as OutsideTarget).source}%${exact(nameOf(target))}`;
  const kind = kindOf(target);
  const scope = 'scope' in target && target.scope !== 'any' ? `-${target.scope}` : '';
  const owner = kind.keyHasOwner && authority === 'user' ? '-user' : '';
  return `vmssh-${kind.sameMachinesAs ?? kind.name}${scope}${owner}%${exact(nameOf(target))}`;
}

/** The hypervisor and the machine's name there: two hypervisors may have machines of one name. */
function viaName(host: string, there: string): string {
  return `via%${exact(`${host.toLowerCase()}/${there}`)}`;
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

/** The name by which an ssh that asks vmssh looks up a machine without a Host: its target. Two machines may differ in case alone, which known_hosts ignores. */
export function lookedUpAs(target: string): string {
  const parsed = asTarget(target);
  const isOne = target === target.toLowerCase() || !parsed || !isNamed(parsed);
  return isOne && /^[\w@%+=:./-]+$/.test(target) ? target : exact(target);
}
