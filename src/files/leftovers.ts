import { randomBytes } from 'node:crypto';
import { lstat, readdir, rm } from 'node:fs/promises';
import type { Place } from './folder.js';
import { lockName } from './lock.js';

/** Milliseconds: far longer than a write. */
const old = 60_000;

/** The temporary name of a new file before it replaces the old one. */
export function temporaryName(name: string): string {
  return `.${name}.${randomBytes(6).toString('hex')}`;
}

/** Removes temporary files that killed vmssh processes left beside a file. */
export async function removeLeftovers({ folder, name }: Place, now: () => number = Date.now): Promise<void> {
  const names = await readdir(folder.at('.')).catch(() => []);
  for (const each of names.filter((found) => isOurs(found, name))) {
    const stats = await lstat(folder.at(each)).catch(() => undefined);
    if (stats?.isFile() && now() - stats.mtimeMs > old) await rm(folder.at(each), { force: true });
  }
}

function isOurs(found: string, name: string): boolean {
  const end = found.startsWith(`.${name}.`) ? found.slice(name.length + 2) : '';
  return found === lockName(name) || /^[0-9a-f]{12}$/.test(end);
}
