import { constants } from 'node:fs';
import { lstat, open, readdir, symlink } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { quote } from '../errors.js';
import { byPath, FileRefusal, type Folder, folderAt, hold, makeFolder, makeOne } from './place.js';

/** A tree's entry at a relative path: a file's text, a symbolic link's target, or a folder's mode. */
export type NewEntry = { readonly path: string } & (
  | { readonly text: string; readonly mode: number }
  | { readonly link: string }
  | { readonly folderMode: number }
);

/**
 * Writes files into a folder that is new, or empty and the caller's own. Nothing that exists or appears meanwhile is followed or
 * overwritten. Modes are those of the entries, whatever the umask; other folders get 755. Throws a system error, or a FileRefusal.
 */
export async function writeNewTree(
  path: string,
  entries: Iterable<NewEntry>,
  platform: NodeJS.Platform = process.platform,
): Promise<void> {
  const top = resolve(path);
  await makeFolder(dirname(top), 0o755);
  const above = await folderAt(dirname(top));
  const folders = new Map<string, Folder>();
  const enter = async (relative: string, mode = 0o755): Promise<Folder> => {
    const known = folders.get(relative);
    if (known) return known;
    const [within, name] = [await enter(dirname(relative)), basename(relative)];
    if (!(await makeOne(within.at(name))))
      throw new FileRefusal('NOT_NEW', `${quote(name)} appeared there meanwhile`);
    const folder = await empty(within, name, platform, mode);
    folders.set(relative, folder);
    return folder;
  };
  try {
    folders.set('.', await topFolder(above, basename(top), platform));
    for (const entry of entries) {
      if ('folderMode' in entry) await enter(entry.path, entry.folderMode);
      else await write(await enter(dirname(entry.path)), entry);
    }
  } finally {
    for (const folder of [above, ...folders.values()]) await folder.close();
  }
}

async function topFolder(above: Folder, name: string, platform: NodeJS.Platform): Promise<Folder> {
  if (await makeOne(above.at(name))) return empty(above, name, platform);
  const stats = await lstat(above.at(name));
  if (stats.isDirectory()) return empty(above, name, platform);
  const kind = stats.isSymbolicLink() ? 'a link, not a folder' : 'not a folder';
  throw new FileRefusal('NOT_NEW', `it is ${kind}`);
}

/** Opens our own empty folder. Even one just created may have been replaced since. */
async function empty(above: Folder, name: string, platform: NodeJS.Platform, mode?: number): Promise<Folder> {
  const path = above.at(name);
  if (platform === 'win32') return checkFolder(byPath(path)); // Windows cannot open a folder
  const held = await hold(path);
  await checkFolder(held);
  if (mode !== undefined) await held.handle.chmod(mode);
  return held;
}

async function checkFolder(folder: Folder): Promise<Folder> {
  try {
    const uid = process.geteuid?.();
    if (folder.owner && folder.owner.uid !== uid) {
      throw new FileRefusal('NOT_NEW', `it belongs to user ${folder.owner.uid}, not to user ${uid}`);
    }
    const [found] = await readdir(folder.at('.'));
    if (found !== undefined) throw new FileRefusal('NOT_NEW', `it is not empty: it contains ${quote(found)}`);
    return folder;
  } catch (error) {
    await folder.close();
    throw error;
  }
}

async function write(folder: Folder, entry: Exclude<NewEntry, { folderMode: number }>): Promise<void> {
  const path = folder.at(basename(entry.path));
  if ('link' in entry) return symlink(entry.link, path);
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  try {
    await file.writeFile(entry.text);
    await file.chmod(entry.mode);
  } finally {
    await file.close();
  }
}
