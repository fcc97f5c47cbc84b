import { createHash } from 'node:crypto';
import { parseUuid, vmIds } from '../address/guid.js';
import { slug } from '../address/host-name.js';
import type { ListedMachine } from '../discovery/merge.js';
import { machinesOf } from '../kinds/kind.js';
import { kindOf, type Target } from '../kinds/kinds.js';
import { asTarget } from '../kinds/parse.js';
import { nameOf } from '../target/target.js';

/** A target, and the machine that it means as far as it is listed. */
export interface Identified {
  readonly target: Target;
  readonly machine?: Pick<ListedMachine, 'target' | 'uuid'> | undefined;
}

/**
 * The one name that known_hosts has a machine by: its UUID or machine id, which outlives its CID, its address and its
 * name; without one, its kind and its name. No other machine has the same, and ssh reads no pattern in it. Undefined for
 * an address.
 */
export function hostKeyAlias({ target, machine }: Identified): string | undefined {
  if (!isNamed(target)) return undefined;
  const listed = asTarget(machine?.target ?? '');
  const own = listed && isNamed(listed) ? listed : target;
  return uuidAlias(machine?.uuid ?? ('vmId' in own ? own.vmId : undefined)) ?? nameAlias(own);
}

/** The name for a UUID or machine id; undefined if it is none, or nobody's. */
export function uuidAlias(uuid = ''): string | undefined {
  const id = parseUuid(uuid);
  return id === undefined || id === vmIds.ZERO ? undefined : `vmssh-${id}`;
}

/** Whether a target names a machine, and not an address where another one may answer tomorrow. */
export function isNamed(target: Target): boolean {
  return kindOf(target).hostKey === 'machine';
}

// The "%" is in no UUID; the "=" in no name that stands as it is.
function nameAlias(target: Target): string {
  const scope = 'scope' in target && target.scope !== 'any' ? `-${target.scope}` : '';
  return `vmssh-${machinesOf(kindOf(target))}${scope}%${exact(nameOf(target))}`;
}

// known_hosts knows no case, takes "*", "?", "!" and "," for its own, and ends a name at a blank.
function exact(name: string): string {
  const plain = slug(name).toLowerCase();
  if (name === plain) return name;
  return `${plain}=${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}
