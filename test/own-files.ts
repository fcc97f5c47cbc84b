import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files of the repository below a folder, in one with git or without: all but those that .gitignore names. */
export function ownFiles(folder = ''): readonly string[] {
  return readdirSync(folder || '.', { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (ignored.some((each) => each.test(path))) return [];
    return entry.isDirectory() ? ownFiles(path) : [path];
  });
}

const ignored = ['.git', ...readFileSync('.gitignore', 'utf8').trim().split('\n')].map((line) => {
  const name = line
    .replace(/^\/|\/$/g, '')
    .replaceAll('.', '\\.')
    .replaceAll('*', '[^/]*');
  // With a "/" in it other than at its end it is a path, as git has it.
  return new RegExp(/\/./.test(line) ? `^${name}$` : `(^|/)${name}$`);
});
