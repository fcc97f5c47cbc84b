import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What to say of a path that is there in other letters, if it is the only one: ssh makes the host of a ProxyCommand (%h) lower case. */
export async function otherSpelling(path: string): Promise<string | undefined> {
  if (path !== path.toLowerCase()) return undefined;
  let found = '/';
  for (const part of path.split('/').filter((each) => each !== '')) {
    const names = await readdir(found).catch((): string[] => []);
    const same = names.includes(part) ? [part] : names.filter((each) => each.toLowerCase() === part);
    const [only, ...others] = same;
    if (only === undefined || others.length > 0) return undefined;
    found = join(found, only);
  }
  if (found === join('/', path)) return undefined;
  return `${found} is there: ssh makes %h lower case, and vmssh proxy --typed %n %h %p keeps it`;
}
