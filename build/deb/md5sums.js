import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The lines of DEBIAN/md5sums, by which dpkg --verify finds a changed file. @param {string} tree the folder with usr/ */
export function md5sums(tree) {
  return readdirSync(join(tree, 'usr'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => `${createHash('md5').update(readFileSync(path)).digest('hex')}  ${relative(tree, path)}\n`)
    .sort((one, other) => (one.slice(34) < other.slice(34) ? -1 : 1))
    .join('');
}
