import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from './place.js';

const prefix = '.asked-';

/** No question to ssh or ssh-keygen takes as long. Milliseconds. */
const maxAge = 600_000;

/** Runs with a new folder for the files that ssh or ssh-keygen is asked about, and removes it. `state`: a folder where others may not write. Throws if it cannot be made. */
export async function inAskedFolder<T>(state: string, run: (folder: string) => Promise<T>): Promise<T> {
  await makeFolder(state);
  await removeAsked(state);
  const folder = await mkdtemp(join(state, prefix));
  return run(folder).finally(() => rm(folder, { recursive: true, force: true }));
}

/** Removes the folders that killed processes left. */
export async function removeAsked(state: string, age = maxAge): Promise<void> {
  for (const name of await readdir(state)) {
    const path = join(state, name);
    const stats = name.startsWith(prefix) ? await lstat(path).catch(() => undefined) : undefined;
    if (stats && Date.now() - stats.mtimeMs >= age) await rm(path, { recursive: true, force: true });
  }
}
