import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { lock, lockName } from './lock.js';
import { FileRefusal, type Owner, type Place, placeOf, readAt, stampAt } from './place.js';

/** From the old content (undefined: no file); the same Buffer: no change; undefined: removal. May be called twice. */
type Edit = (old: Buffer | undefined) => Buffer | undefined;

const maxTries = 5;

/**
 * Changes a file atomically: reads it again under a lock, writes and syncs the new one beside it, and renames it into place. A symlink
 * is kept; an existing file keeps its mode and owner, on Windows its access list; a new one gets `mode` and, as root, the folder's owner,
 * on Windows the access list of `like`, a file beside it. Throws a system error, a FileRefusal, or what `edit` throws.
 */
export async function editFile(path: string, edit: Edit, mode: number, like?: string): Promise<void> {
  const place = await placeOf(path).catch((error) => {
    if (error.code !== 'ENOENT' || edit(undefined) !== undefined) throw error;
  });
  if (!place) return;
  try {
    await removeLeftovers(place);
    const seen = await readAt(place);
    if (edit(seen?.bytes) === seen?.bytes) return;
    for (let tries = 0; tries < maxTries; tries++) if (await editLocked(place, edit, mode, like)) return;
    throw new FileRefusal('LOCKED', 'other programs keep changing it or removing its lock');
  } finally {
    await place.folder.close();
  }
}

/** False if another program changed the file without the lock, or removed the lock; then nothing is changed. */
async function editLocked(place: Place, edit: Edit, mode: number, like?: string): Promise<boolean> {
  const { folder } = place;
  const held = await lock(place).catch(async (error) => {
    // A full disk has no room for a lock.
    if (!['ENOSPC', 'EDQUOT'].includes(error.code) || edit((await readAt(place))?.bytes) !== undefined)
      throw error;
    return { isHeld: async () => true, release: async () => {} };
  });
  try {
    // Nobody else writes one now.
    await removeLeftovers(place, true);
    const old = await readAt(place);
    const bytes = edit(old?.bytes);
    if (bytes === old?.bytes) return true;
    const isStill = async () => (await held.isHeld()) && (await stampAt(place)) === old?.stamp;
    if (bytes === undefined) {
      if (!(await isStill())) return false;
      await rm(folder.at(place.name), { force: true });
    } else {
      const made = old ?? { mode, ...folder.owner };
      if (!(await replace(place, bytes, made, isStill, old ? place.name : like))) return false;
    }
    await folder.sync();
    return true;
  } finally {
    await held.release();
  }
}

async function replace(
  { folder, name }: Place,
  bytes: Buffer,
  { mode, uid, gid }: { readonly mode: number } & Partial<Owner>,
  isStill: () => Promise<boolean>,
  like: string | undefined,
): Promise<boolean> {
  const temporary = `.${name}.${randomBytes(6).toString('hex')}`;
  const beside = folder.at(temporary);
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const file = await open(beside, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  try {
    await file.writeFile(bytes);
    if (folder.owner && uid !== undefined && gid !== undefined) await file.chown(uid, gid);
    await file.chmod(mode);
    await file.sync();
    await file.close();
    if (like !== undefined) folder.copyAccess?.(like, temporary);
    const isRight = await isStill();
    if (isRight) await rename(beside, folder.at(name));
    return isRight;
  } finally {
    await file.close().catch(() => {});
    await rm(beside, { force: true });
  }
}

/** Milliseconds: far longer than a write. */
const old = 60_000;

/** Removes temporary files that killed vmssh processes left beside a file. */
async function removeLeftovers({ folder, name }: Place, isLocked = false): Promise<void> {
  const names = await readdir(folder.at('.')).catch(() => []);
  for (const each of names) {
    if (!isTemporary(each, name) && (isLocked || each !== lockName(name))) continue;
    const stats = await lstat(folder.at(each)).catch(() => undefined);
    if (stats?.isFile() && (isLocked || Date.now() - stats.mtimeMs > old))
      await rm(folder.at(each), { force: true });
  }
}

function isTemporary(entry: string, name: string): boolean {
  const end = entry.startsWith(`.${name}.`) ? entry.slice(name.length + 2) : '';
  return /^[0-9a-f]{12}$/.test(end);
}
