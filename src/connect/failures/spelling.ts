import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What to say of a path that is there in other letters, if it is the only one: ssh makes the host of a ProxyCommand (%h) lower case. */
export async function otherSpelling(path: string): Promise<string | undefined> {
  if (path !== path.toLowerCase()) return undefined;
  let folder = '/';
  for (const part of path.split('/').filter((each) => each !== '')) {
    const names = await readdir(folder).catch((): string[] => []);
    const same = names.includes(part) ? [part] : names.filter((name) => name.toLowerCase() === part);
    const [only, ...others] = same;
    if (only === undefined || others.length > 0) return undefined;
    folder = join(folder, only);
  }
  if (folder === join('/', path)) return undefined;
  return `${folder} is there: ssh makes %h lower case, and vmssh proxy --typed %n %h %p keeps it`;
}
