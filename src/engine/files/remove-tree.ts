import { lstat, readdir, rmdir, unlink } from 'engine:paths';
import { type Stats, StatsOfNumbers } from './stats.js';

/** Removes a file, or with `recursive` a folder and its content; with `force` a missing one is no error. */
export function removeTree(path: string, options: { recursive: boolean; force: boolean }): void {
  let found: Stats;
  try {
    found = new StatsOfNumbers(lstat(path));
  } catch (error) {
    if (options.force && (error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (!found.isDirectory()) {
    unlink(path);
    return;
  }
  if (!options.recursive) {
    const message = `Path is a directory: rm returned EISDIR (is a directory) ${path}`;
    throw Object.assign(new Error(message), { code: 'ERR_FS_EISDIR', path });
  }
  for (const name of readdir(path)) {
    if (typeof name === 'string') removeTree(`${path}/${name}`, options);
  }
  rmdir(path);
}
