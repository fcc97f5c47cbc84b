import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, win32 } from 'node:path';
import { windowsFolder } from './own-path.js';

type Env = Readonly<Record<string, string | undefined>>;

/** The path of a program that PATH finds, in absolute folders only; undefined if none does. */
export function programInPath(name: string, env: Env): string | undefined {
  return programsInPath(name, env)[0];
}

/** The same of all folders, in their order. */
export function programsInPath(name: string, { PATH }: Env): readonly string[] {
  const folders = (PATH ?? '').split(delimiter).filter(isAbsolute);
  return folders.map((folder) => join(folder, name)).filter(isProgram);
}

/** Whether a file is there that this user may run. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The path of a program, or another file, in System32, whatever PATH and the current folder are. */
export function systemProgram(name: string, env: Readonly<Record<string, string | undefined>>): string {
  return win32.join(windowsFolder(env), 'System32', name);
}
