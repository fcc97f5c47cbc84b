import { lstat, mkdir, readdir, readlink } from 'node:fs/promises';
import { quote } from '../errors.js';
import type { Owner, Place } from './folder.js';
import { Held, hold } from './held.js';
import { FileRefusal } from './refusal.js';

/** As many as the kernel follows (path_resolution(7)). */
const mostLinks = 40;

/**
 * Goes a path as root, folder by folder, each opened from the one before it, so that nobody can put another one in its
 * place between two steps. Follows a link only if nobody but root can have made it. With `makeMode` missing folders are
 * made, and given to the owner of the one above. Linux only. Throws an errno's error, or a FileRefusal.
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

/** The next folder in place of the one that is held. */
async function step(from: Held, path: string): Promise<Held> {
  const next = await hold(path);
  await from.close();
  return next;
}

// In a folder where others can rename files, another link may take its place while it is looked at.
function trust({ stats: { uid, mode } }: Held, name: string, linkUid: number): void {
  const closed = uid === 0 && ((mode & 0o022) === 0 || (mode & 0o1000) !== 0);
  if (linkUid === 0 && closed) return;
  const whose = linkUid === 0 ? 'others can exchange' : `belongs to user ${linkUid}`;
  throw new FileRefusal(
    'OTHERS_LINK',
    `${quote(name)} on its path is a link that ${whose}: root does not follow it`,
    'run the same as the user whose files they are',
  );
}

/** Whether it was made now. */
async function make(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, mode);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

// A folder that somebody moved here meanwhile is given to nobody, unless it is empty as a new one is.
async function give(folder: Held, { uid, gid }: Owner): Promise<Held> {
  const isEmpty = (await readdir(folder.at('.'))).length === 0;
  if (folder.owner.uid === 0 && isEmpty) await folder.handle.chown(uid, gid);
  return new Held(folder.handle, await folder.handle.stat());
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
