import { resolve } from 'node:path';

/** Whether this is the executable, where no interpreter runs a script. */
export const isCompiled = 'quickjs' in process.versions;

/** How to call this program again: the executable, or the interpreter and the script. */
export function selfCommand(): readonly string[] {
  const script = process.argv[1];
  return isCompiled || script === undefined ? [process.execPath] : [process.execPath, resolve(script)];
}
