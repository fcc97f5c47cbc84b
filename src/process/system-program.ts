import { win32 } from 'node:path';
import { windowsFolder } from './own-path.js';

/** The path of a program, or another file, in System32, whatever PATH and the current folder are. */
export function systemProgram(name: string, env: Readonly<Record<string, string | undefined>>): string {
  return win32.join(windowsFolder(env), 'System32', name);
}
