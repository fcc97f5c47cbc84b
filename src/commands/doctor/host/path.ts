import { lstat, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { shellQuoted } from '../../../address/shell-word.js';
import type { Io } from '../../../cli/command.js';
import { isWsl } from '../../../discovery/hyper-v/interop.js';
import { readText } from '../../../files/read-file.js';
import type { HostCheck } from './check.js';

/** A folder of PATH where users other than this one and root can put programs. */
export interface OpenFolder {
  /** As written in PATH. */
  readonly folder: string;
  /** Who can: "any user", "user 1001", "the group staff". */
  readonly who: string;
}

interface Stats {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** The owner of the link, if the path is one. */
  readonly linkUid?: number | undefined;
}

export interface PathEffects {
  /** Of a folder; undefined if it does not exist. */
  readonly look: (path: string) => Promise<Stats | undefined>;
  readonly real: (path: string) => Promise<string>;
  readonly uid: number | undefined;
  /** The texts of /etc/passwd and /etc/group. */
  readonly accounts: () => Promise<{ readonly passwd: string; readonly group: string }>;
}

const effects: PathEffects = {
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

/** The folders of PATH that other users can write to: ssh and the providers' tools run from there. Linux only. */
export async function openFolders(
  { env, platform }: Pick<Io, 'env' | 'platform'>,
  { look, real, uid, accounts }: PathEffects = effects,
): Promise<readonly OpenFolder[]> {
  if (platform !== 'linux' || uid === undefined || env.PATH === undefined) return [];
  const { passwd, group } = await accounts();
  const found: OpenFolder[] = [];
  for (const folder of new Set(env.PATH.split(':'))) {
    if (!isAbsolute(folder)) {
      found.push({ folder, who: 'any user who can write to the current folder' });
    } else if (!(folder.startsWith('/mnt/') && isWsl({ env }))) {
      // In WSL2 the folders of Windows have mode 0777, whatever the real permissions are.
      const who = await whoElse(folder);
      if (who !== undefined) found.push({ folder, who });
    }
  }
  return found;

  /** Who could add a program to the folder, or replace the folder. */
  async function whoElse(folder: string): Promise<string | undefined> {
    const paths = new Set([...upwards(folder), ...upwards(await real(folder))]);
    let isNew = true;
    for (const path of paths) {
      const stats = await look(path);
      const who = stats && writer(stats, isNew);
      if (who !== undefined) return who;
      // A missing folder can be made by whoever can write to its nearest existing parent.
      if (stats) isNew = false;
    }
    return undefined;
  }

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

/** Empty if only this user and root can write. */
export function pathChecks(folders: readonly OpenFolder[]): readonly HostCheck[] {
  return folders.map(({ folder, who }) => ({
    ...{ name: 'PATH', state: 'bad' },
    found: `${who} can put programs into ${folder === '' ? 'the current folder, an empty entry of PATH' : folder}, such as an ssh that you would run`,
    report: 'other users can put programs into one of its folders',
    fix: isAbsolute(folder)
      ? `chmod go-w ${shellQuoted(folder)}, if it is yours; otherwise remove it from PATH`
      : 'remove it from PATH: only absolute folders belong there',
  }));
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

function upwards(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [path] : [path, ...upwards(above)];
}

function linesOf(text: string): readonly (readonly string[])[] {
  return text.split('\n').map((line) => line.split(':'));
}
