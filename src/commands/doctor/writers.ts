import { posix, win32 } from 'node:path';
import { effects, upwards, type Writers, writersByMode } from '../../files/writers.js';
import { type AddonState, loadAddon } from '../../native.js';
import { foldersOfPath, isAbsoluteFolder } from '../../process/program-in-path.js';
import type { Here } from '../../runtime.js';
import { isWsl } from '../../sources/hyper-v/wsl-windows.js';
import { type Shell, shellQuoted } from '../../typed/shell.js';
import { finding, type HostCheck, said } from './finding.js';

/** A folder of PATH, or a file of this program, that users other than this one and administrators can change or replace. */
export interface OpenPath {
  /** As written in PATH. */
  readonly path: string;
  /** Who can: "any user", "user 1001", "the group staff". */
  readonly who: string;
}

interface PastePlace {
  readonly platform: NodeJS.Platform;
  readonly shell: Shell;
}

/** How to see who can write on this system; undefined: it cannot be seen. */
export async function writersOn(platform: NodeJS.Platform): Promise<Writers | undefined> {
  if (platform === 'win32') return writersByAccessList(accessListOf(loadAddon()));
  return platform === 'linux' && effects.uid !== undefined ? writersByMode(effects) : undefined;
}

/** The folders of PATH that other users can write to: the providers' tools run from there, and in a shell ssh too. */
export async function openFolders(
  { env, platform, skippedPath = [] }: Here & { readonly skippedPath?: readonly string[] },
  writers: Writers | undefined,
): Promise<readonly OpenPath[]> {
  const { PATH = env.Path } = env;
  if (writers === undefined) return [];
  const searched = PATH === undefined ? [] : foldersOfPath(PATH, platform);
  const found: OpenPath[] = [];
  for (const folder of new Set([...skippedPath, ...searched])) {
    if (!isAbsoluteFolder(folder, platform)) {
      found.push({ path: folder, who: 'any user who can write to the current folder' });
    } else if (!(folder.startsWith('/mnt/') && isWsl({ env }))) {
      // In WSL2 the folders of Windows have mode 0777, whatever the real permissions are.
      const who = await writers.into(folder);
      if (who !== undefined) found.push({ path: folder, who });
    }
  }
  return found;
}

/** The files of this program that other users could change or replace: it runs with the rights of whoever starts it. */
export async function openPrograms(
  { self, platform }: { readonly self: readonly string[]; readonly platform: NodeJS.Platform },
  writers: Writers | undefined,
): Promise<readonly OpenPath[]> {
  const found: OpenPath[] = [];
  for (const path of self.filter((each) => isAbsoluteFolder(each, platform))) {
    const who = await writers?.over(path);
    if (who !== undefined) found.push({ path, who });
  }
  return found;
}

export function pathChecks(
  folders: readonly OpenPath[],
  { platform, shell }: PastePlace,
): readonly HostCheck[] {
  return folders.map(({ path: folder, who }) => {
    const where = folder === '' ? 'the current folder, an empty entry of PATH' : folder;
    const what = said`${who} can put programs into ${where}, such as an ssh that you would run`;
    const fix = isAbsoluteFolder(folder, platform)
      ? `remove it from PATH, or, if it is yours, close it: ${closeIt(folder, platform, shell)}`
      : 'remove it from PATH: only absolute folders belong there';
    return finding('PATH', 'bad', what, fix);
  });
}

export function programChecks(
  programs: readonly OpenPath[],
  { platform, shell }: PastePlace,
): readonly HostCheck[] {
  return programs.map(({ path, who }) => {
    const what = said`${who} can put another program in place of ${path}, which ssh would run as you`;
    const fix =
      platform === 'win32'
        ? `move it to a folder of your own, such as %LOCALAPPDATA%\\Programs\\vmssh, and run vmssh config install there; to see who may write: icacls ${shellQuoted(win32.dirname(path), shell)}`
        : `install vmssh in a folder of your own and run vmssh config install, or, if this folder is yours, close it: ${closeIt(posix.dirname(path), platform, shell)}`;
    return finding('program', 'bad', what, fix);
  });
}

function closeIt(folder: string, platform: NodeJS.Platform, shell: Shell): string {
  const word = shellQuoted(folder, shell);
  // S-1-5-32-545 are its users, S-1-5-11 those who logged in, S-1-1-0 everybody; their names are translated.
  return platform === 'win32'
    ? `icacls ${word} /inheritance:d /remove:g *S-1-5-32-545 *S-1-5-11 *S-1-1-0`
    : `chmod go-w ${word}`;
}

/** Rights to a file or folder, as bits: https://learn.microsoft.com/en-us/windows/win32/fileio/file-access-rights-constants */
export const rights = {
  /** Of a file: to write it. Of a folder: to put files into it. */
  write: 0x2,
  /** Of a folder: to make folders in it. */
  makeFolder: 0x4,
  /** Of a folder: to delete or rename what is in it. */
  deleteChild: 0x40,
  /** To delete or rename it. */
  delete: 0x1_0000,
  /** To change its access list, or to become its owner. */
  change: 0xc_0000,
} as const;

/** The codes of rights: https://learn.microsoft.com/en-us/windows/win32/secauthz/ace-strings */
const codes: Readonly<Record<string, number>> = {
  GA: 0x1f_01ff,
  GW: 0x12_0116,
  FA: 0x1f_01ff,
  FW: 0x12_0116,
  SD: 0x1_0000,
  WD: 0x4_0000,
  WO: 0x8_0000,
  DC: 0x2,
  LC: 0x4,
  DT: 0x40,
};

/** Whom a list must give no such rights, by code and id: each is every user or guest of the host or its domain, or every one that logged in. */
const everybody =
  /^(WD|S-1-1-0|AN|S-1-5-7|BU|S-1-5-32-545|AU|S-1-5-11|IU|S-1-5-4|BG|S-1-5-32-546|DU|S-1-5-21-.*-51[345]|DG)$/;

/** Whether any user has one of the rights by a security descriptor's text; not: only users that it names one by one. */
export function isBroad(descriptor: string, wanted: number): boolean {
  const [, list] = /D:(NO_ACCESS_CONTROL|[A-Z]*(?:\([^)]*\))*)/.exec(descriptor) ?? [];
  // Without a list everybody may do anything.
  if (list === undefined || list.endsWith('NO_ACCESS_CONTROL')) return true;
  return [...list.matchAll(/\(([^)]*)\)/g)].some(([, entry = '']) => {
    const [type = '', flags = '', granted = '', , , sid = ''] = entry.split(';');
    const isForThis = /^[XO]?A$/.test(type) && !pairs(flags).includes('IO');
    return isForThis && everybody.test(sid) && (bitsOf(granted) & wanted) !== 0;
  });
}

function bitsOf(granted: string): number {
  if (/^\d/.test(granted)) return Number(granted);
  return pairs(granted).reduce((all, code) => all | (codes[code] ?? 0), 0);
}

function pairs(text: string): readonly string[] {
  return text.match(/../g) ?? [];
}

/** The text of an access list; undefined if there is nothing at the path. */
type ReadAccessList = (path: string) => string | undefined;

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
      if (isBroad(list, wanted)) return 'any user';
      wanted = take;
    }
    return undefined;
  };
  const over = async (file: string) => {
    const list = read(file);
    const isOpen = list !== undefined && isBroad(list, rights.write | rights.delete | rights.change);
    return isOpen ? 'any user' : into(win32.dirname(file));
  };
  return { into, over };
}

/** What the addon says; undefined also where this user may not look, and a file system without lists has nothing to say. */
function accessListOf({ addon }: AddonState): ReadAccessList {
  return (path) => {
    try {
      return addon?.accessList(path) ?? nobody;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : nobody;
    }
  };
}

const nobody = 'D:P';
