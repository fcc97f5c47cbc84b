import { posix, win32 } from 'node:path';
import { shellOf } from '../address/shell.js';
import { shellLine } from '../address/shell-word.js';
import { realPath } from '../files/real-path.js';

/** How this program was started; an `Io` is one. */
export interface StartedAs {
  /** Its path, or an interpreter and a script; absolute. */
  readonly self: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

/**
 * What to type to call `program` from `folder`, so that a fix can be pasted: its name if PATH finds this same program,
 * otherwise the command that started this one. The package's other program is in the same folder.
 */
export function calledAs(
  program: 'vmssh' | 'vsock-nc',
  { self, env, platform }: StartedAs,
  folder: string | undefined = currentFolder(),
  fileAt: (path: string) => string | undefined = realPath,
): string {
  const path = platform === 'win32' ? win32 : posix;
  const own = self.at(-1) ?? program;
  const file = path.join(path.dirname(own), path.basename(own).replace(/^(vmssh|vsock-nc)(?=\.|$)/, program));
  const onPath = (name: string, wanted: readonly (string | undefined)[]) =>
    (env.PATH ?? env.Path ?? '')
      .split(path.delimiter)
      .map((each) => (each === '' ? undefined : fileAt(path.join(each, name))))
      .some((found) => found !== undefined && wanted.includes(found));
  const ending = platform === 'win32' ? '.exe' : '';
  // One executable can be both, by links.
  if (onPath(program + ending, [fileAt(file), fileAt(own)]) || fileAt(file) === undefined) return program;
  const interpreters = self.slice(0, -1).map((each) => {
    const name = path.basename(each, ending);
    return onPath(name + ending, [fileAt(each)]) ? name : each;
  });
  const words = [...interpreters, near(file, folder, interpreters.length === 0, path)];
  return shellLine(words, shellOf({ platform, env }));
}

// Shortened if it is below the folder. A path that is run itself needs a slash, or the shell would search PATH for it.
function near(file: string, folder: string | undefined, isRun: boolean, path: typeof posix): string {
  if (folder === undefined) return file;
  const relative = path.relative(folder, file);
  if (relative.startsWith('..') || path.isAbsolute(relative)) return file;
  return isRun && !relative.includes(path.sep) ? `.${path.sep}${relative}` : relative;
}

/** Undefined if it was removed. */
function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}
