import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import type { Owner, Place } from './folder.js';
import { placeOf } from './place.js';
import { readWithStats } from './read-file.js';

export interface FileContent extends Owner {
  readonly bytes: Buffer;
  /** Its permissions. */
  readonly mode: number;
  /** Changes when the file is written or replaced. */
  readonly stamp: string;
}

/** A regular file, opened as safely as `placeOf`; undefined if missing. Throws a system error, or a FileRefusal. */
export async function readSafely(path: string): Promise<FileContent | undefined> {
  let place: Place;
  try {
    place = await placeOf(path);
  } catch (error) {
    return absent(error);
  }
  return readAt(place).finally(() => place.folder.close());
}

/** The file at a place. */
export async function readAt({ folder, name }: Place): Promise<FileContent | undefined> {
  try {
    const { bytes, stats } = await readWithStats(folder.at(name), undefined, false);
    const { uid, gid, mode } = stats;
    return { bytes, uid, gid, mode: mode & 0o777, stamp: stampOf(stats) };
  } catch (error) {
    return absent(error);
  }
}

/** The stamp of the file now at a place. */
export async function stampAt({ folder, name }: Place): Promise<string | undefined> {
  return lstat(folder.at(name)).then(stampOf, absent);
}

function stampOf({ ino, size, mtimeMs }: Stats): string {
  return [ino, size, mtimeMs].join(' ');
}

function absent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
