import { type Folder, folderAt, hold } from '../../files/place.js';
import { readWithStats } from '../../files/read-file.js';
import { withDashes } from '../../typed/numbers.js';
import { type Deps, execAsRoot, type MachineFiles, type ReachedMachine } from '../source.js';
import { type ExecWords, execWords } from '../tools/exec-route.js';
import { maxKeyText, readByExec, readInTurn } from '../tools/machine-files.js';
import { isContainer, searchMachined } from './machined.js';

/** Only for root: reads in the container's root folder, or, as the root may be an image, by a program in the container. */
export async function nspawnFiles(
  { name, uuid }: ReachedMachine,
  deps: Deps,
  uid: number | undefined,
): Promise<MachineFiles | undefined> {
  if (uid !== 0) return undefined;
  const search = await searchMachined(name, deps);
  if (search.outcome !== 'found') return undefined;
  const { machine } = search;
  const isSame = uuid === undefined || (machine.id !== undefined && withDashes(machine.id) === uuid);
  if (!isContainer(machine) || machine.scope !== 'system' || !isSame) return undefined;
  const exec = nspawnExec(machine.name);
  return {
    asRoot: execAsRoot(exec),
    read: async (paths) => {
      // Not below /proc/LEADER/root: the container's own mounts are there, and one of FUSE may keep its reader for ever.
      const texts = await textsBelow(machine.rootDirectory, paths);
      if (texts.length > 0 || exec === undefined) return texts;
      return [await readByExec(exec, paths, deps)];
    },
  };
}

export function nspawnExec(name: string): ExecWords | undefined {
  const how = ['--pipe', '--quiet', '--collect', '--service-type=exec', '--no-ask-password', '--'];
  return execWords(name, 'systemd-run', `--machine=${name}`, ...how);
}

/** The texts of the files at these paths below a root. No link is followed, which may lead out of the root: each folder is opened from the one above. Throws a FileRefusal or system error. */
export async function textsBelow(
  root: string | undefined,
  paths: readonly string[],
): Promise<readonly string[]> {
  const folder = root === undefined ? undefined : await folderAt(root, true).catch(isAbsent);
  if (folder === undefined) return [];
  const textOf = async (path: string) => {
    const names = path.split('/').filter((part) => !['', '.', '..'].includes(part));
    return (await readBelow(folder, names).catch(isAbsent))?.toString('latin1');
  };
  return readInTurn(paths, textOf).finally(() => folder.close());
}

async function readBelow(folder: Folder, [name = '.', ...rest]: readonly string[]): Promise<Buffer> {
  if (rest.length === 0) return (await readWithStats(folder.at(name), maxKeyText, false)).bytes;
  const next = await hold(folder.at(name));
  try {
    return await readBelow(next, rest);
  } finally {
    await next.close();
  }
}

/** Undefined if nothing is there, or a link, no regular file, or one that is too long. */
function isAbsent(error: unknown): undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (!['ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL', 'EFBIG', 'ENXIO'].includes(code)) throw error;
}
