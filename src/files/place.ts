import { lstat, mkdir, open, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Folder, Place } from './folder.js';
import { walk } from './walk.js';

/** Whether this process can give files to others. */
export const isRoot = process.getuid?.() === 0;

/**
 * Where a path leads, through all symlinks. Root holds each folder open on its way, so that nobody can put another one
 * in its place (walk.ts). Throws an errno's error, or a FileRefusal.
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

/** Makes a folder if there is none, only for its user by default. By root, it belongs to the owner of the one above it. */
export async function makeFolder(path: string, mode = 0o700, asRoot: boolean = isRoot): Promise<void> {
  if (asRoot) await (await walk(`${resolve(path)}/.`, mode)).folder.close();
  else await mkdir(path, { recursive: true, mode });
}

/** The folder at a path, with the care of `placeOf`. Throws an errno's error, or a FileRefusal. */
export async function folderAt(path: string, asRoot: boolean = isRoot): Promise<Folder> {
  const absolute = resolve(path);
  return asRoot ? (await walk(`${absolute}/.`)).folder : byPath(await realpath(absolute));
}

/** A folder that is not held open. */
export function byPath(path: string): Folder {
  return {
    at: (name) => join(path, name),
    // Windows has no such thing as an open folder.
    async sync() {
      const folder = await open(path, 'r').catch(() => undefined);
      await folder?.sync().catch(() => {});
      await folder?.close();
    },
    close: async () => {},
  };
}
