import { lstat, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readText } from './read-file.js';

/** Who else could change what is at a path; undefined: nobody but this user and administrators. */
export interface Writers {
  /** Who could put a file into a folder, or replace the folder. */
  readonly into: (folder: string) => Promise<string | undefined>;
  /** Who could change or replace a file. */
  readonly over: (file: string) => Promise<string | undefined>;
}

interface Stats {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** The owner of the link, if the path is one. */
  readonly linkUid?: number;
}

export interface PathEffects {
  /** Of a file or folder; undefined if it does not exist. */
  readonly look: (path: string) => Promise<Stats | undefined>;
  readonly real: (path: string) => Promise<string>;
  readonly uid: number | undefined;
  /** The texts of /etc/passwd and /etc/group. */
  readonly accounts: () => Promise<{ readonly passwd: string; readonly group: string }>;
}

export const effects: PathEffects = {
  look: lookAt,
  real: (path) => realpath(path).catch(() => path),
  uid: process.getuid?.(),
  accounts: async () => {
    const [passwd = '', group = ''] = await Promise.all(
      ['/etc/passwd', '/etc/group'].map((path) => readText(path).catch(() => '')),
    );
    return { passwd, group };
  },
};

/** By owners, modes and groups. */
export async function writersByMode({ look, real, uid, accounts }: PathEffects): Promise<Writers> {
  const { passwd, group } = await accounts();
  const any = async (paths: Iterable<string>, adds = true) => {
    let isNew = adds;
    for (const path of paths) {
      const stats = await look(path);
      const who = stats && writer(stats, isNew);
      if (who !== undefined) return who;
      // A missing folder can be made by whoever can write to its nearest existing parent.
      if (stats) isNew = false;
    }
    return undefined;
  };
  const into = async (folder: string) => any(new Set([...upwards(folder), ...upwards(await real(folder))]));
  const over = async (file: string) => {
    const named = [...new Set([file, await real(file)])];
    for (const each of named) {
      const who = (await any([each])) ?? (await any(upwards(dirname(each)), false));
      if (who !== undefined) return who;
    }
    return undefined;
  };
  return { into, over };

  // In a sticky folder users can add files but only replace their own. In a user namespace root may appear as nobody.
  function writer({ uid: owner, gid, mode, linkUid }: Stats, adds: boolean): string | undefined {
    const foreign = [owner, linkUid].find((each) => each !== undefined && ![0, uid, 65_534].includes(each));
    if (foreign !== undefined) return `user ${foreign}`;
    if (!adds && (mode & 0o1000) !== 0) return undefined;
    if ((mode & 0o002) !== 0) return 'any user';
    return (mode & 0o020) === 0 || gid === 0 ? undefined : othersIn(gid);
  }

  function othersIn(gid: number): string | undefined {
    const [name, , , members = ''] = linesOf(group).find((line) => line[2] === `${gid}`) ?? [];
    if (name === undefined) return `group ${gid}`;
    const users = linesOf(passwd);
    const names = [
      ...members.split(','),
      ...users.flatMap((line) => (line[3] === `${gid}` ? [line[0]] : [])),
    ];
    const trusted = users.flatMap((line) => (['0', `${uid}`].includes(line[2] ?? '') ? [line[0]] : []));
    return names.some((each) => each && !trusted.includes(each)) ? `the group ${name}` : undefined;
  }
}

async function lookAt(path: string): Promise<Stats | undefined> {
  try {
    const link = await lstat(path);
    const { uid, gid, mode } = await stat(path);
    return { uid, gid, mode, linkUid: link.isSymbolicLink() ? link.uid : undefined };
  } catch {
    return undefined;
  }
}

/** A path and all folders above it. */
export function upwards(path: string, parent: (path: string) => string = dirname): readonly string[] {
  const above = parent(path);
  return above === path ? [path] : [path, ...upwards(above, parent)];
}

function linesOf(text: string): readonly (readonly string[])[] {
  return text.split('\n').map((line) => line.split(':'));
}
