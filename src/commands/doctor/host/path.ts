import { posix, win32 } from 'node:path';
import type { Shell } from '../../../address/shell.js';
import { shellQuoted } from '../../../address/shell-word.js';
import type { Io } from '../../../cli/command.js';
import { isWsl } from '../../../discovery/hyper-v/interop.js';
import { effects, type Writers, writersByMode } from '../../../files/writers.js';
import { loadAddon } from '../../../native.js';
import { foldersOfPath, isAbsoluteFolder } from '../../../process/own-path.js';
import type { HostCheck } from './check.js';
import { accessListOf, writersByAccessList } from './writers/by-access-list.js';

/** A file of this program that users other than this one and administrators can change or replace. */
export interface OpenProgram {
  readonly path: string;
  readonly who: string;
}

/** A folder of PATH where users other than this one and administrators can put programs. */
export interface OpenFolder {
  /** As written in PATH. */
  readonly folder: string;
  /** Who can: "any user", "user 1001", "the group staff". */
  readonly who: string;
}

/** Where a fix is pasted. */
export interface PastePlace {
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
  { env, platform, skippedPath = [] }: Pick<Io, 'env' | 'platform' | 'skippedPath'>,
  writers: Writers | undefined,
): Promise<readonly OpenFolder[]> {
  const { PATH = env.Path } = env;
  if (writers === undefined) return [];
  const searched = PATH === undefined ? [] : foldersOfPath(PATH, platform);
  const found: OpenFolder[] = [];
  for (const folder of new Set([...skippedPath, ...searched])) {
    if (!isAbsoluteFolder(folder, platform)) {
      found.push({ folder, who: 'any user who can write to the current folder' });
    } else if (!(folder.startsWith('/mnt/') && isWsl({ env }))) {
      // In WSL2 the folders of Windows have mode 0777, whatever the real permissions are.
      const who = await writers.into(folder);
      if (who !== undefined) found.push({ folder, who });
    }
  }
  return found;
}

/** The files of this program that other users could change or replace: it runs with the rights of whoever starts it. */
export async function openPrograms(
  { self, platform }: Pick<Io, 'self' | 'platform'>,
  writers: Writers | undefined,
): Promise<readonly OpenProgram[]> {
  const found: OpenProgram[] = [];
  for (const path of self.filter((each) => isAbsoluteFolder(each, platform))) {
    const who = await writers?.over(path);
    if (who !== undefined) found.push({ path, who });
  }
  return found;
}

/** Empty if only this user and administrators can write. */
export function pathChecks(
  folders: readonly OpenFolder[],
  { platform, shell }: PastePlace,
): readonly HostCheck[] {
  return folders.map(({ folder, who }) => ({
    name: 'PATH',
    state: 'bad',
    found: `${who} can put programs into ${folder === '' ? 'the current folder, an empty entry of PATH' : folder}, such as an ssh that you would run`,
    report: 'other users can put programs into one of its folders',
    fix: isAbsoluteFolder(folder, platform)
      ? `remove it from PATH, or, if it is yours, close it: ${closeIt(folder, platform, shell)}`
      : 'remove it from PATH: only absolute folders belong there',
  }));
}

/** Empty if only this user and administrators can change the program. */
export function programChecks(
  programs: readonly OpenProgram[],
  { platform, shell }: PastePlace,
): readonly HostCheck[] {
  return programs.map(({ path, who }) => ({
    name: 'program',
    state: 'bad',
    found: `${who} can put another program in place of ${path}, which ssh would run as you`,
    report: 'other users can put another program in its place',
    fix:
      platform === 'win32'
        ? `move it to a folder of your own, such as %LOCALAPPDATA%\\Programs\\vmssh, and run vmssh config install there; to see who may write: icacls ${shellQuoted(win32.dirname(path), shell)}`
        : `install vmssh in a folder of your own and run vmssh config install, or, if this folder is yours, close it: ${closeIt(posix.dirname(path), platform, shell)}`,
  }));
}

function closeIt(folder: string, platform: NodeJS.Platform, shell: Shell): string {
  const word = shellQuoted(folder, shell);
  // S-1-5-32-545 are its users, S-1-5-11 those who logged in, S-1-1-0 everybody; their names are translated.
  return platform === 'win32'
    ? `icacls ${word} /inheritance:d /remove:g *S-1-5-32-545 *S-1-5-11 *S-1-1-0`
    : `chmod go-w ${word}`;
}
