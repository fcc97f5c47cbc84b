import { stat } from 'node:fs/promises';
import { DiscoveryError } from '../discovery-error.js';
import type { Process } from '../provider.js';
import type { FindPath } from './process-paths.js';

/**
 * `find` for sockets of this process only: rejects with FOREIGN if one belongs neither to its user nor to root nor to us,
 * since another user may have put it there. One that cannot be examined is left for the connect to check.
 */
export function ownSocket(
  find: FindPath,
  { uid }: Pick<Process, 'uid'>,
  look: (path: string) => Promise<{ readonly uid: number }> = stat,
  own: number | undefined = process.getuid?.(),
): FindPath {
  return async (path) => {
    const here = await find(path);
    const stats = await look(here).catch(() => undefined);
    if (stats === undefined || [uid, 0, own].includes(stats.uid)) return here;
    const problem = `the socket ${here} belongs to user ${stats.uid}, and its process to user ${uid}`;
    throw new DiscoveryError('FOREIGN', problem);
  };
}
