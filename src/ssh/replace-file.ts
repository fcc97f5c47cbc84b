import { randomBytes } from 'node:crypto';
import { chmod, lstat, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';

/**
 * Writes a file so that at every moment it is the old one or the new one: beside it, to the disk, then in its place. A
 * symlink stays one; an existing file keeps its mode, a new one gets `mode`. Throws an errno's error.
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
    await rename(beside, target);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(dirname(target));
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
