import { lstat, mkdir, readdir, readlink } from 'node:fs/promises';
import { quote } from '../errors.js';
import type { Owner, Place } from './folder.js';
import { Held, hold } from './held.js';
import { FileRefusal } from './refusal.js';

/** The kernel's own limit (path_resolution(7)). */
const mostLinks = 40;

/**
 * Walks a path as root, opening each folder from the one before, so that nobody can replace one between two steps.
 * Follows a link only if nobody but root can have made it. With `makeMode` missing folders are made, with the owner of
 * the one above. Linux only. Throws a system error, or a FileRefusal.
 */
export async function walk(path: string, makeMode?: number): Promise<Place> {
  const ahead = namesOf(path);
  let folder = await hold('/');
  try {
    for (let links = 0; ; ) {
      const name = ahead.shift() ?? '.';
      const entry = await lstat(folder.at(name)).catch(absent);
      if (entry?.isSymbolicLink()) {
        if (++links > mostLinks) throw Object.assign(new Error('ELOOP: too many links'), { code: 'ELOOP' });
        trust(folder, name, entry.uid);
        const to = await readlink(folder.at(name));
        ahead.unshift(...namesOf(to));
        if (to.startsWith('/')) folder = await step(folder, '/');
      } else if (ahead.length === 0) {
        return { folder, name };
      } else {
        const isNew =
          entry === undefined && makeMode !== undefined && (await make(folder.at(name), makeMode));
        const { owner } = folder;
        folder = await step(folder, folder.at(name));
        if (isNew) folder = await give(folder, owner);
      }
    }
  } catch (error) {
    await folder.close();
    throw error;
  }
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

/** Replaces the open folder with the next one. */
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
async function make(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, mode);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

// A folder that somebody moved here meanwhile keeps its owner, unless it is as empty as a new one.
async function give(folder: Held, { uid, gid }: Owner): Promise<Held> {
  const isEmpty = (await readdir(folder.at('.'))).length === 0;
  if (folder.owner.uid === 0 && isEmpty) await folder.handle.chown(uid, gid);
  return new Held(folder.handle, await folder.handle.stat());
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
