import { stat } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';

/** The owner and mode of a file or folder. */
export type Look = (path: string) => Promise<{ readonly uid: number; readonly mode: number }>;

/**
 * Why a program cannot serve all users of a system, root among them: another user owns its files or folders, or some
 * users cannot read them. Undefined if it can. Linux only.
 */
export async function notForAll(program: readonly string[], look: Look = stat): Promise<string | undefined> {
  for (const file of program.filter(isAbsolute)) {
    for (const path of [file, ...folders(file)]) {
      const { uid, mode } = await look(path);
      if (uid !== 0) return `${path} belongs to user ${uid}, who could put another program there`;
      if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0)
        return `${path} can be changed by users other than root`;
      if ((mode & (path === file ? 0o004 : 0o001)) === 0) return `${path} cannot be used by other users`;
    }
  }
  return undefined;
}

function folders(path: string): readonly string[] {
  const above = dirname(path);
  return above === path ? [] : [above, ...folders(above)];
}
