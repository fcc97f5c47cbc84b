import { lstat, readlink, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
  readonly look: (path: string) => Promise<Stats | undefined>;
  /** The links on the way to what is at a path, then its own path, without any. */
  readonly ways: (path: string) => Promise<readonly string[]>;
  readonly uid: number | undefined;
  /** The texts of /etc/passwd, /etc/group and /proc/self/uid_map, empty if there is none. */
  readonly accounts: () => Promise<Readonly<Record<'passwd' | 'group' | 'uidMap', string>>>;
}

export const effects: PathEffects = {
  look: lookAt,
  ways: waysTo,
  uid: process.getuid?.(),
  accounts: async () => {
    const [passwd = '', group = '', uidMap = ''] = await Promise.all(
      ['/etc/passwd', '/etc/group', '/proc/self/uid_map'].map((path) => readText(path).catch(() => '')),
    );
    return { passwd, group, uidMap };
  },
};

/** By owners, modes and groups. */
export async function writersByMode({ look, ways, uid, accounts }: PathEffects): Promise<Writers> {
  const { passwd, group, uidMap } = await accounts();
  const own = [0, uid, ...(hasUnmapped(uidMap) ? [65_534] : [])];
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
  const links = async (path: string) => {
    const all = [...(await ways(path))];
    const real = all.pop() ?? path;
    for (const link of all) {
      const who = await any(upwards(link), false);
      if (who !== undefined) return { real, who };
    }
    return { real };
  };
  const into = async (folder: string) => {
    const { real, who } = await links(folder);
    return who ?? any(upwards(real));
  };
  const over = async (file: string) => {
    const { real, who } = await links(file);
    // Whoever can make a missing one chooses what is in it.
    const isNew = (await look(real)) === undefined;
    return who ?? (await any([real])) ?? any(upwards(dirname(real)), isNew);
  };
  return { into, over };

  // In a sticky folder users can add files but only replace their own.
  function writer({ uid: owner, gid, mode, linkUid }: Stats, adds: boolean): string | undefined {
    const foreign = [owner, linkUid].find((each) => each !== undefined && !own.includes(each));
    if (foreign !== undefined) return `user ${foreign}`;
    if (!adds && (mode & 0o1000) !== 0) return undefined;
    if ((mode & 0o002) !== 0) return 'any user';
    return (mode & 0o020) === 0 || gid === 0 ? undefined : othersIn(gid);
  }

  function othersIn(gid: number): string | undefined {
    const [name, , , members = ''] = linesOf(group).find((line) => line[2] === `${gid}`) ?? [];
    if (name === undefined) return `group ${gid}`;
    const users = linesOf(passwd);
    const ofGroup = users.filter((line) => line[3] === `${gid}`).map(([user]) => user);
    const trusted = users.flatMap((line) => (['0', `${uid}`].includes(line[2] ?? '') ? [line[0]] : []));
    const others = [...members.split(','), ...ofGroup].filter((each) => each && !trusted.includes(each));
    return others.length > 0 ? `the group ${name}` : undefined;
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

/** As the kernel goes: whoever can replace one link of a chain chooses what is at its end. */
async function waysTo(path: string): Promise<readonly string[]> {
  const links: string[] = [];
  const ahead = path.split('/');
  let at = path.startsWith('/') ? '/' : process.cwd();
  for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
    const next = join(at, name);
    const to = links.length < maxLinks ? await readlink(next).catch(() => undefined) : undefined;
    if (to === undefined) {
      at = next;
      continue;
    }
    links.push(next);
    ahead.unshift(...to.split('/'));
    if (to.startsWith('/')) at = '/';
  }
  return [...links, at];
}

/** The kernel's own limit (path_resolution(7)). */
const maxLinks = 40;

/** Whether this is a user namespace in which root may appear as nobody. */
function hasUnmapped(uidMap: string): boolean {
  const counts = uidMap.split('\n').map((line) => Number(line.trim().split(/\s+/)[2] ?? 0));
  return uidMap !== '' && counts.reduce((sum, count) => sum + count, 0) < 2 ** 32 - 1;
}

/** A path and all folders above it. */
export function upwards(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [path] : [path, ...upwards(above)];
}

function linesOf(text: string): readonly (readonly string[])[] {
  return text.split('\n').map((line) => line.split(':'));
}
