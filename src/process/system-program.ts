import { win32 } from 'node:path';

/** The path of a program in System32, whatever PATH and the current folder are. */
export function systemProgram(name: string, env: Readonly<Record<string, string | undefined>>): string {
  return win32.join(env.SystemRoot ?? env.SYSTEMROOT ?? 'C:\\Windows', 'System32', name);
}
