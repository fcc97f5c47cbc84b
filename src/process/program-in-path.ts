import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** The path of a program that PATH finds, in absolute folders only; undefined if none does. */
export function programInPath(
  name: string,
  { PATH }: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const folders = (PATH ?? '').split(delimiter).filter(isAbsolute);
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
