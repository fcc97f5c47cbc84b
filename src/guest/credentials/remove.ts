import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuestKeys } from '../../ssh/guest-keys.js';
import { ownFiles } from './files.js';

/**
 * Removes a machine's keys. Resolves to the names of the files there that are not ours: they stay, with their folder.
 * Rejects with a system error.
 */
export async function removeGuestKeys({ folder }: Pick<GuestKeys, 'folder'>): Promise<readonly string[]> {
  for (const name of ownFiles) await rm(join(folder, name), { force: true });
  const left = await readdir(folder);
  if (left.length === 0) await rm(folder, { recursive: true, force: true });
  return left;
}
