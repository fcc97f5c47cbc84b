import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from './place.js';

const prefix = '.asked-';

/** Nothing is asked for as long. Milliseconds. */
const maxAge = 600_000;

/** Runs in a new folder, which is removed again: where others may not write, for the files that ssh or ssh-keygen is asked about. Throws if there is no place. */
export async function inAskedFolder<T>(state: string, run: (folder: string) => Promise<T>): Promise<T> {
  await makeFolder(state);
  await removeAsked(state);
  const folder = await mkdtemp(join(state, prefix));
  return run(folder).finally(() => rm(folder, { recursive: true, force: true }));
}

/** Removes the folders that killed ones left. */
export async function removeAsked(state: string, age = maxAge): Promise<void> {
  for (const name of await readdir(state)) {
    const path = join(state, name);
    const stats = name.startsWith(prefix) ? await lstat(path).catch(() => undefined) : undefined;
    if (stats && Date.now() - stats.mtimeMs >= age) await rm(path, { recursive: true, force: true });
  }
}
