import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The SHA-256 of each file below a folder, by its path there, in order. @param {string} folder */
export function hashesBelow(folder) {
  const paths = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((each) => each.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .sort();
  return new Map(
    paths.map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex'),
    ]),
  );
}

/** In the form that `sha256sum --check` reads. @param {ReadonlyMap<string, string>} hashes */
export function sumsText(hashes) {
  return [...hashes].map(([path, hash]) => `${hash}  ${path}\n`).join('');
}

/** What differs: paths that only one of them has, or that are not the same. @param {ReadonlyMap<string, string>} one @param {ReadonlyMap<string, string>} other */
export function differences(one, other) {
  return [...new Set([...one.keys(), ...other.keys()])].filter((path) => one.get(path) !== other.get(path));
}
