import { readdir } from 'node:fs/promises';
import { dirname, join, parse, resolve, sep } from 'node:path';
import { readText } from '../../files/read-file.js';
import { settingsOf } from './settings.js';

/**
 * The texts of all files that a configuration in `folder` (~/.ssh) includes, recursively, each once, without `except`.
 * Skips unreadable files, as ssh does.
 */
export async function includedTexts(
  text: string,
  folder: string,
  except: string,
): Promise<readonly string[]> {
  const seen = new Set([except]);
  const texts: string[] = [];
  for (let next = [text]; next.length > 0; ) {
    const found = await Promise.all(next.flatMap(includes).map((each) => filesOf(each, folder)));
    const paths = [...new Set(found.flat())].filter((path) => !seen.has(path));
    for (const path of paths) seen.add(path);
    next = await Promise.all(paths.map((path) => readText(path).catch(() => '')));
    texts.push(...next);
  }
  return texts;
}

/** The arguments of a configuration's Include lines. */
function includes(text: string): readonly string[] {
  return settingsOf(text).flatMap(({ keyword, args }) => (keyword === 'include' ? args : []));
}

// Matches a path segment by segment, as glob(7).
async function filesOf(argument: string, folder: string): Promise<readonly string[]> {
  const path = resolve(
    folder,
    argument.replace(/^~(?=[/\\])/, () => dirname(folder)),
  );
  const { root } = parse(path);
  let found = [root];
  for (const segment of path.slice(root.length).split(sep)) {
    const lists = await Promise.all(
      found.map(async (each) => {
        if (!/[*?[]/.test(segment)) return [join(each, segment)];
        const names = await readdir(each).catch(() => []);
        return names.filter((name) => matches(segment, name)).map((name) => join(each, name));
      }),
    );
    found = lists.flat();
  }
  return found;
}

// A bracket matches any character: an extra file only makes more names count as taken.
function matches(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  const source = pattern.replaceAll(/\[!?\]?[^\]]*\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*';
    return part === '?' || part.length > 1 ? '.' : part.replace(/[\\^$.+()[\]{}|]/, '\\$&');
  });
  return new RegExp(`^${source}$`, 's').test(name);
}
