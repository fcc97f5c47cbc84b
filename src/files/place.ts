import { lstat, mkdir, open, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { loadAddon } from '../native.js';
import type { Folder, Place } from './folder.js';
import { walk } from './walk.js';

/** Whether this process can change the owner of files. */
export const isRoot = process.getuid?.() === 0;

/**
 * Where a path leads, through all symlinks. As root each folder on the path is held open, so that nobody can replace it
 * (walk.ts). Throws a system error, or a FileRefusal.
 */
export async function placeOf(path: string, asRoot: boolean = isRoot): Promise<Place> {
  const absolute = resolve(path);
  if (asRoot) return walk(absolute);
  const link = await lstat(absolute).catch(() => undefined);
  if (!link?.isSymbolicLink())
    return { folder: byPath(await realpath(dirname(absolute))), name: basename(absolute) };
  const to = await readlink(absolute);
  return placeOf(isAbsolute(to) ? to : join(dirname(absolute), to), asRoot);
}

/** Makes a folder if it is missing, by default for its user only. As root it gets the owner of the folder above. */
export async function makeFolder(path: string, mode = 0o700, asRoot: boolean = isRoot): Promise<void> {
  if (asRoot) await (await walk(`${resolve(path)}/.`, mode)).folder.close();
  else await mkdir(path, { recursive: true, mode });
}

/** The folder at a path, as safely as `placeOf`. Throws a system error, or a FileRefusal. */
export async function folderAt(path: string, asRoot: boolean = isRoot): Promise<Folder> {
  const absolute = resolve(path);
  return asRoot ? (await walk(`${absolute}/.`)).folder : byPath(await realpath(absolute));
}

/** A folder that is not kept open. */
export function byPath(path: string, platform: NodeJS.Platform = process.platform): Folder {
  const at = (name: string) => join(path, name);
  return {
    at,
    ...(platform === 'win32'
      ? { copyAccess: (from: string, to: string) => loadAddon().addon?.copyAccess(at(from), at(to)) }
      : {}),
    // Windows cannot open a folder.
    async sync() {
      const folder = await open(path, 'r').catch(() => undefined);
      await folder?.sync().catch(() => {});
      await folder?.close();
    },
    close: async () => {},
  };
}
