import { groupBy } from '../group-by.js';
import type { DiscoveredMachine } from './provider.js';

/** The running machines that have one CID of the kernel's vhost; it lets one have it, so the second gets no vsock. */
export function sharedCids<T extends DiscoveredMachine>(
  machines: readonly T[],
): ReadonlyMap<number, readonly T[]> {
  const byCid = groupBy(machines, ({ status, cid, address }) =>
    status === 'running' && !address?.startsWith('vsock-mux') ? cid : undefined,
  );
  return new Map(
    [...byCid].flatMap(([cid, users]) => (cid === undefined || users.length < 2 ? [] : [[cid, users]])),
  );
}
