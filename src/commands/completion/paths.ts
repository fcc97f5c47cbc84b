import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { kinds } from '../../kinds/kinds.js';
import { asTarget } from '../../kinds/parse.js';
import { onDrive } from '../../resolve/socket-path.js';
import { rooted } from '../../target/socket-path.js';
import { split } from '../../target/split.js';

/** An entry of a folder that can be part of a socket's path. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: 'folder' | 'socket';
}

/** The targets "unix/PATH" and "vsock-mux/PATH" that begin with `text`: sockets, and folders with a trailing "/". */
export async function pathTargets(
  text: string,
  folder: (path: string) => Promise<readonly FolderEntry[]>,
): Promise<readonly { readonly target: string; readonly kind: FolderEntry['kind'] }[]> {
  const { word, separator, rest: path } = split(text);
  const isPath = kinds.some(({ name, rest }) => name === word && rest === 'path');
  if (!isPath || (separator !== '/' && separator !== ':')) return [];
  const kind = text.slice(0, word.length + 1);
  const cut = path.lastIndexOf('/') + 1;
  const [head, start] = [path.slice(0, cut), path.slice(cut)];
  const entries = await folder(rooted(head));
  return entries
    .filter(({ name }) => name.startsWith(start) && (start !== '' || !name.startsWith('.')))
    .map((each) => ({
      target: `${kind}${head}${each.name}${each.kind === 'folder' ? '/' : ''}`,
      kind: each.kind,
    }))
    .filter(({ target }) => asTarget(target) !== undefined);
}

/** The folders and sockets in a folder, and links to them; none if it cannot be read. */
export async function listFolder(
  path: string,
  platform: NodeJS.Platform = process.platform,
): Promise<readonly FolderEntry[]> {
  const here = onDrive(path, platform);
  const entries = await readdir(here, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries.map(async (entry): Promise<FolderEntry | undefined> => {
      const { name } = entry;
      const is = entry.isSymbolicLink() ? await stat(join(here, name)).catch(() => entry) : entry;
      return is.isDirectory()
        ? { name, kind: 'folder' }
        : is.isSocket()
          ? { name, kind: 'socket' }
          : undefined;
    }),
  );
  return found.filter((entry) => entry !== undefined);
}
