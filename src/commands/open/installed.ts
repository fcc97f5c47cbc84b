import { posix, win32 } from 'node:path';
import { foldersOfPath } from '../../process/own-path.js';
import { isProgram as isProgramFile } from '../../process/program-in-path.js';
import type { Editor } from './editors.js';

interface Here {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

/** The path of an editor's program, found by PATH; undefined: it is not installed. */
export function installedAt(
  { programs, windows }: Pick<Editor, 'programs' | 'windows'>,
  { env, platform }: Here,
  isProgram: (path: string) => boolean = isProgramFile,
): string | undefined {
  const path = platform === 'win32' ? win32 : posix;
  const folders = foldersOfPath(env.PATH ?? env.Path ?? '', platform).filter(path.isAbsolute);
  const inPath = (names: readonly string[]) =>
    folders.flatMap((folder) => names.map((name) => path.join(folder, name))).filter(isProgram);
  if (platform !== 'win32') return inPath(programs)[0];
  const { scripts, exes } = windows ?? { scripts: [], exes: [] };
  return inPath(scripts)
    .flatMap((script) => exes.map((exe) => win32.join(win32.dirname(script), exe)))
    .find(isProgram);
}
