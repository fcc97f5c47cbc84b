import { groupBy } from '../group-by.js';
import type { DiscoveredMachine } from './provider.js';

/** The running machines that share a vhost CID; the kernel gives it to one of them, and the others get no vsock. */
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
