import { win32 } from 'node:path';
import { upwards, type Writers } from '../../../../files/writers.js';
import type { AddonState } from '../../../../native.js';
import { broadAccess, rights } from './access-list.js';

/** The text of an access list; undefined if there is nothing at the path. */
export type ReadAccessList = (path: string) => string | undefined;

const take = rights.deleteChild | rights.delete | rights.change;

/** By access lists: only groups of all users count, as another single user may be an administrator. */
export function writersByAccessList(read: ReadAccessList): Writers {
  const into = async (folder: string) => {
    let wanted = rights.write | take;
    for (const path of upwards(folder, win32.dirname)) {
      const list = read(path);
      if (list === undefined) {
        // A missing folder can be made by whoever can make folders in its nearest existing parent.
        wanted = rights.makeFolder | take;
        continue;
      }
      const who = broadAccess(list, wanted);
      if (who !== undefined) return who;
      wanted = take;
    }
    return undefined;
  };
  const over = async (file: string) => {
    const list = read(file);
    const who = list && broadAccess(list, rights.write | rights.delete | rights.change);
    return who || into(win32.dirname(file));
  };
  return { into, over };
}

/** What the addon says; undefined also where this user may not look, and a file system without lists has nothing to say. */
export function accessListOf({ addon }: AddonState): ReadAccessList {
  return (path) => {
    try {
      return addon?.accessList(path) ?? nobody;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : nobody;
    }
  };
}

const nobody = 'D:P';
