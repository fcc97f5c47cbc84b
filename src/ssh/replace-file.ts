import { randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';

/**
 * Writes a file so that at every moment it is the old one or the new one: beside it, to the disk, then in its place. A
 * symlink stays one; an existing file keeps its mode and owner, a new one gets `mode` and the folder's owner, so that root
 * leaves no file that its user's ssh refuses. Throws an errno's error.
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const target = await behindLinks(path);
  const old = await stat(target).catch(() => undefined);
  const beside = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
  const file = await open(beside, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await chmod(beside, old ? old.mode & 0o7777 : mode);
    await giveTo(beside, old ?? (await stat(dirname(target))));
    await rename(beside, target);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(dirname(target));
}

/** Makes a folder where there is none, for its user alone by default; it belongs to whom the one above it belongs. */
export async function makeFolder(path: string, mode = 0o700): Promise<void> {
  if (await stat(path).catch(() => undefined)) return;
  await mkdir(path, { recursive: true, mode });
  await giveTo(path, await stat(dirname(path)));
}

async function giveTo(path: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  const mine = await stat(path);
  if (process.getuid?.() === 0 && (mine.uid !== uid || mine.gid !== gid)) await chown(path, uid, gid);
}

/** The file that a chain of symlinks leads to, also where it is not there yet. */
async function behindLinks(path: string): Promise<string> {
  const link = await lstat(path).catch(() => undefined);
  if (!link?.isSymbolicLink()) return join(await realpath(dirname(path)), basename(path));
  const to = await readlink(path);
  return behindLinks(isAbsolute(to) ? to : join(dirname(path), to));
}

// Windows has no such thing as an open folder.
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}
