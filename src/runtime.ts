import { resolve } from 'node:path';

/** Whether this is an executable: the engine's, or the one for Windows, which bun compiled. */
export const isCompiled = 'quickjs' in process.versions || isInExecutable(process.argv[1] ?? '');

/** The folder of the executable and its addon; undefined if an interpreter runs a script. */
export const executableFolder = isCompiled ? folderOf(process.execPath) : undefined;

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')));
}

/** "B:\\~BUN\\root\\vmssh.exe": its modules lie in a file system of its own. */
function isInExecutable(script: string): boolean {
  return script[1] === ':' && script.slice(3, 7) === '~BUN';
}

/** How to call this program again: the executable, or the interpreter and the script. */
export function selfCommand(): readonly string[] {
  const script = process.argv[1];
  return isCompiled || script === undefined ? [process.execPath] : [process.execPath, resolve(script)];
}
