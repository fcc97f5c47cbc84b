import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { quote } from '../base/errors.js';
import { loadAddon } from '../base/native.js';
import { readWithStats } from './read-file.js';

/** A folder for reading or changing a file in it. Must be closed. */
export interface Folder {
  /** The path for opening, renaming or removing a name in it. */
  at(name: string): string;
  /** The owner for new files in it; undefined: they stay with their creator. */
  readonly owner?: Owner;
  /** Gives a new file the access list of the one that it replaces, where renaming would lose it: on Windows. */
  copyAccess?(from: string, to: string): void;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** A name in a folder, with all links resolved; the file may not exist yet. */
export interface Place {
  readonly folder: Folder;
  readonly name: string;
}

/** Why a file is not read or changed: `message` is one clause without its path. */
export class FileRefusal extends Error {
  override readonly name = 'FileRefusal';
  readonly code: 'OTHERS_LINK' | 'LOCKED';
  readonly hint: string | undefined;

  constructor(code: FileRefusal['code'], message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** Whether this process can change the owner of files. Asked when called: the executable evaluates its modules when it is built. */
export const isRoot = (): boolean => process.getuid?.() === 0;

/** Where a path leads, through all symlinks. As root each folder on it is held open (`walk`). Throws a system error, or a FileRefusal. */
export async function placeOf(path: string, asRoot: boolean = isRoot()): Promise<Place> {
  let at = resolve(path);
  if (asRoot) return walk(at);
  for (let links = 0; (await lstat(at).catch(() => undefined))?.isSymbolicLink(); ) {
    if (++links > maxLinks) throw tooManyLinks();
    const to = await readlink(at);
    // Its ".." is of the folder that it is in, by whichever links that was reached.
    at = isAbsolute(to) ? to : join(await realpath(dirname(at)), to);
  }
  return { folder: byPath(await realpath(dirname(at))), name: basename(at) };
}

/** Makes a folder if it is missing, by default for its user only. As root it gets the owner of the folder above, and `mode` whatever the umask is. */
export async function makeFolder(path: string, mode = 0o700, asRoot: boolean = isRoot()): Promise<void> {
  if (asRoot) await (await walk(`${resolve(path)}/.`, mode)).folder.close();
  else await mkdir(path, { recursive: true, mode });
}

/** The folder at a path, as safely as `placeOf`. Throws a system error, or a FileRefusal. */
export async function folderAt(path: string, asRoot: boolean = isRoot()): Promise<Folder> {
  const absolute = resolve(path);
  return asRoot ? (await walk(`${absolute}/.`)).folder : byPath(await realpath(absolute));
}

function byPath(path: string): Folder {
  const at = (name: string) => join(path, name);
  return {
    at,
    ...(process.platform === 'win32'
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

/** The kernel's own limit (path_resolution(7)). */
const maxLinks = 40;

/**
 * Walks a path as root, opening each folder from the one before, so that nobody can replace one between two steps. Follows a link only
 * if nobody but root can have made it. With `makeMode` missing folders are made, with the owner of the one above. Linux only.
 */
async function walk(path: string, makeMode?: number): Promise<Place> {
  const ahead = namesOf(path);
  let folder = await hold('/');
  try {
    for (let links = 0; ; ) {
      const name = ahead.shift() ?? '.';
      const entry = await lstat(folder.at(name)).catch(unlessMissing);
      if (entry?.isSymbolicLink()) {
        if (++links > maxLinks) throw tooManyLinks();
        trust(folder, name, entry.uid);
        const to = await readlink(folder.at(name));
        ahead.unshift(...namesOf(to));
        if (to.startsWith('/')) folder = await step(folder, '/');
      } else if (ahead.length === 0) {
        return { folder, name };
      } else {
        const isNew =
          entry === undefined && makeMode !== undefined && (await makeOne(folder.at(name), makeMode));
        const { owner } = folder;
        folder = await step(folder, folder.at(name));
        if (isNew) folder = await give(folder, owner, makeMode);
      }
    }
  } catch (error) {
    await folder.close();
    throw error;
  }
}

function tooManyLinks(): Error {
  return Object.assign(new Error('ELOOP: too many links'), { code: 'ELOOP' });
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

async function step(from: Held, path: string): Promise<Held> {
  const next = await hold(path);
  await from.close();
  return next;
}

// In a folder where other users can rename files, the link may be replaced meanwhile.
function trust({ stats: { uid, mode } }: Held, name: string, linkUid: number): void {
  const closed = uid === 0 && ((mode & 0o022) === 0 || (mode & 0o1000) !== 0);
  if (linkUid === 0 && closed) return;
  const whose = linkUid === 0 ? 'other users can replace' : `belongs to user ${linkUid}`;
  throw new FileRefusal(
    'OTHERS_LINK',
    `${quote(name)} on its path is a link that ${whose}: root does not follow it`,
    'run it as the user who owns the files',
  );
}

/** Whether it was created now. */
async function makeOne(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, mode);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

// A folder that somebody moved here meanwhile keeps its owner, unless it is as empty as a new one.
async function give(folder: Held, { uid, gid }: Owner, mode: number): Promise<Held> {
  const isEmpty = (await readdir(folder.at('.'))).length === 0;
  if (folder.owner.uid === 0 && isEmpty) {
    await folder.handle.chown(uid, gid);
    await folder.handle.chmod(mode);
  }
  return new Held(folder.handle, await folder.handle.stat());
}

/** Opens a folder, not through a link. Linux only. Throws a system error. */
export async function hold(path: string): Promise<Held> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return new Held(handle, await handle.stat());
}

/** A folder held open. `/proc/self/fd/N/name` is in it even if its path leads elsewhere meanwhile. */
class Held implements Folder {
  readonly handle: FileHandle;
  readonly stats: Stats;
  readonly owner: Owner;

  constructor(handle: FileHandle, stats: Stats) {
    this.handle = handle;
    this.stats = stats;
    this.owner = { uid: stats.uid, gid: stats.gid };
  }

  at(name: string): string {
    return `/proc/self/fd/${this.handle.fd}/${name}`;
  }

  async sync(): Promise<void> {
    await this.handle.sync().catch(() => {});
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

export interface FileContent extends Owner {
  readonly bytes: Buffer;
  readonly mode: number;
  /** Names that it has: more than one are hard links. */
  readonly names: number;
  /** Changes when the file is written or replaced. */
  readonly stamp: string;
}

/** A regular file, opened as safely as `placeOf`; undefined if missing. Throws a system error, or a FileRefusal. */
export async function readSafely(path: string): Promise<FileContent | undefined> {
  const place = await placeOf(path).catch(unlessMissing);
  return place && readAt(place).finally(() => place.folder.close());
}

export async function readAt({ folder, name }: Place): Promise<FileContent | undefined> {
  try {
    const { bytes, stats } = await readWithStats(folder.at(name), undefined, false);
    const { uid, gid, mode, nlink: names } = stats;
    return { bytes, uid, gid, mode: mode & 0o777, names, stamp: stampOf(stats) };
  } catch (error) {
    return unlessMissing(error);
  }
}

export async function stampAt({ folder, name }: Place): Promise<string | undefined> {
  return lstat(folder.at(name)).then(stampOf, unlessMissing);
}

function stampOf({ ino, size, mtimeMs }: Stats): string {
  return [ino, size, mtimeMs].join(' ');
}

/** For a system error that nothing is there; any other is thrown. */
export function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
