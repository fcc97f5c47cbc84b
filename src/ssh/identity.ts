import type { Found } from '../discovery/provider.js';
import { kindOf, type Target } from '../kinds/kinds.js';

/** What known_hosts has a machine by: its UUID or machine id, which outlives its CID, its address and its name. */
export function hostKeyAlias({ uuid }: Pick<Found, 'uuid'>): string | undefined {
  const id = uuid?.toLowerCase();
  if (id === undefined || !/^[0-9a-f-]{32,36}$/.test(id) || /^[0-]+$/.test(id)) return undefined;
  return `vmssh-${id}`;
}

/** Whether a target names a machine, and not an address where another one may answer tomorrow. */
export function isNamed(target: Target): boolean {
  return kindOf(target).hostKey === 'machine';
}
