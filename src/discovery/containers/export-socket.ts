import { lstat } from 'node:fs/promises';
import { DiscoveryError } from '../discovery-error.js';
import { accountLine, isSystemUser } from '../processes/system-user.js';
import type { Deps } from '../provider.js';

/** The used part of node:fs/promises. */
export type LookAt = (
  path: string,
) => Promise<{ readonly uid: number; isSocket(): boolean; isSymbolicLink(): boolean }>;

/**
 * The socket `ssh` in the folder that a container has for its host; undefined if there is none, or none to be seen. Throws a
 * DiscoveryError: LINK for a link, which the container made and which may lead to any socket of this host; FOREIGN if the
 * folder or the socket belongs to another person, who could answer in the container's place.
 */
export async function exportSocket(
  source: string,
  deps: Deps,
  look: LookAt = lstat,
  own = process.getuid?.(),
): Promise<string | undefined> {
  const path = `${source}/ssh`;
  const [folder, socket] = await Promise.all([source, path].map((each) => look(each).catch(() => undefined)));
  if (!folder || !socket) return undefined;
  if (socket.isSymbolicLink())
    throw new DiscoveryError('LINK', `${path} is a symbolic link, which the container made: not followed`);
  if (!socket.isSocket()) return undefined;
  for (const [what, { uid }] of [[source, folder] as const, [path, socket] as const])
    if (uid !== own && (await isPerson(uid, deps)))
      throw new DiscoveryError('FOREIGN', `${what} belongs to user ${uid}, who could answer in its place`);
  return path;
}

/** From 65536 on are the users that only containers have, which nobody else can be, and people of network directories. */
async function isPerson(uid: number, deps: Deps): Promise<boolean> {
  if (await isSystemUser(uid, deps)) return false;
  return uid < 65_536 || (await accountLine(uid, deps)) !== '';
}
