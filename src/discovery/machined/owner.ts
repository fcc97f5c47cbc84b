import { isSystemUser } from '../processes/system-user.js';
import type { Deps } from '../provider.js';
import type { Machine } from './machine.js';

/** The machines that this user or a system user has registered. */
export async function withoutStrangers(
  machines: readonly Machine[],
  deps: Deps,
  own: number | undefined = process.getuid?.(),
): Promise<readonly Machine[]> {
  const strangers = new Set<number>();
  for (const uid of new Set(machines.map((machine) => machine.uid)))
    if (uid !== undefined && uid !== own && !(await isSystemUser(uid, deps))) strangers.add(uid);
  return machines.filter(({ uid }) => uid === undefined || !strangers.has(uid));
}
