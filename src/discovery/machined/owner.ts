import type { Deps } from '../provider.js';
import type { Machine } from './machine.js';

/**
 * The machines that this user or a system user has registered. Since systemd 258 other users can do so at the system's
 * machined as well, if polkit lets them: with any free name, any CID, and the id of another machine.
 */
export async function trustedMachines(machines: readonly Machine[], deps: Deps): Promise<readonly Machine[]> {
  const strangers = await strangersAmong(machines, deps);
  return strangers.size === 0
    ? machines
    : machines.filter(({ uid }) => uid === undefined || !strangers.has(uid));
}

async function strangersAmong(
  machines: readonly Machine[],
  deps: Deps,
  own: number | undefined = process.getuid?.(),
): Promise<ReadonlySet<number>> {
  const uids = new Set(machines.map(({ uid = 0 }) => uid));
  const strangers = new Set<number>();
  for (const uid of uids) {
    if (uid === 0 || uid === own) continue;
    const { isSystemUser } = await import('../processes/system-user.js');
    if (!(await isSystemUser(uid, deps))) strangers.add(uid);
  }
  return strangers;
}
