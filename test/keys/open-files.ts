import { readdirSync, readlinkSync } from 'node:fs';

/** The files below a folder that this process has open. Linux only. */
export function openBelow(folder: string): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(`${folder}/`) || path === folder ? [path] : [];
    } catch {
      return [];
    }
  });
}
