import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Folder, folderAt, hold, unlessMissing } from '../../files/place.js';
import { readText, readWithStats } from '../../files/read-file.js';
import { textsIn } from '../machined/nspawn-files.js';
import type { Deps } from '../source.js';
import { isJsonObject, type JsonObject, objectAt, parseJson } from '../tools/json.js';
import { textOf } from '../tools/run-tool.js';

/**
 * The texts of those of these files that are there, of a container of this user's own Podman: read by this process in its root folder,
 * as starting podman takes as long as the login. That folder is mounted while the container runs, and nothing that is mounted in the
 * container is in it. None if anything may make a path mean another file in the container: then only Podman can say.
 */
export async function textsInPodmanRoot(
  id: string,
  paths: readonly string[],
  place: PodmanPlace,
): Promise<readonly string[]> {
  try {
    const config = await configOf(join(place.storage, 'overlay-containers', id, 'userdata'), place.uid);
    const root = textOf(objectAt(config, 'root'), 'path') ?? '';
    // Not one that somebody else made (podman run --rootfs).
    if (!root.startsWith(`${place.storage}/overlay/`) || root.split('/').includes('..')) return [];
    const hidden = hiddenPaths(config);
    if (hidden === undefined || paths.some((path) => hidden.some((each) => isWithin(path, each)))) return [];
    const folder = await rootFolder(id, root, place);
    try {
      return (await isLinked(folder, hidden.map(partsOf))) ? [] : await textsIn(folder, paths);
    } finally {
      await folder.close();
    }
  } catch (error) {
    // A system error, or a FileRefusal.
    if (!(error instanceof Error && 'code' in error)) throw error;
    return [];
  }
}

/** Where a user's Podman has its containers. */
export interface PodmanPlace {
  readonly storage: string;
  readonly uid: number;
  /** The folder for what is gone with the session; undefined: root's, whose containers' root folders are mounted for all processes. */
  readonly run?: string;
}

/** The usual place; undefined if the environment names none. */
export function podmanPlace({ env }: Pick<Deps, 'env'>, uid: number): PodmanPlace | undefined {
  if (uid === 0) return { storage: '/var/lib/containers/storage', uid };
  const { HOME, XDG_DATA_HOME: data = HOME && join(HOME, '.local/share'), XDG_RUNTIME_DIR: run } = env;
  if (!data?.startsWith('/') || !run?.startsWith('/')) return undefined;
  return { storage: join(data, 'containers/storage'), uid, run };
}

/**
 * A user's are mounted for Podman's processes only: the container's conmon is one, and runs nothing of the container. Should another process
 * have its pid meanwhile, then nothing is at this path for it: a layer's name is random.
 */
async function rootFolder(id: string, root: string, { run }: PodmanPlace): Promise<Folder> {
  if (run === undefined) return folderAt(root, true);
  const file = join(run, 'containers/overlay-containers', id, 'userdata/conmon.pid');
  const pid = Number(await readText(file, 32));
  return hold(`/proc/${Number.isInteger(pid) ? pid : 0}/root${root}/.`);
}

/** What Podman told its runtime when it started the container (https://github.com/opencontainers/runtime-spec/blob/main/config.md). */
async function configOf(path: string, uid: number): Promise<JsonObject> {
  const folder = await folderAt(path, uid === 0);
  try {
    const { bytes, stats } = await readWithStats(folder.at('config.json'), maxConfig, false);
    return stats.uid === uid && (stats.mode & 0o022) === 0 ? objectAt(parseJson(bytes.toString())) : {};
  } finally {
    await folder.close();
  }
}

/** With a profile of seccomp it is some 50 kB. */
const maxConfig = 1 << 20;

/** The paths that a mount hides in the root folder; undefined if the config does not tell. */
function hiddenPaths({ mounts, linux }: JsonObject): readonly string[] | undefined {
  const { maskedPaths = [] } = objectAt(linux);
  if (!Array.isArray(mounts) || !Array.isArray(maskedPaths)) return undefined;
  const all = mounts.filter(isJsonObject).map((each) => ({
    path: textOf(each, 'destination') ?? '',
    isFolderOfHost: textOf(each, 'type') === 'bind',
  }));
  const masked = maskedPaths.filter((each): each is string => typeof each === 'string');
  const paths = [...all.map(({ path }) => path), ...masked];
  // A link in a folder of the host may lead to any other.
  const isUnsure = paths.some(
    (path) =>
      !path.startsWith('/') ||
      path.split('/').includes('..') ||
      all.some((each) => each.isFolderOfHost && each.path !== path && isWithin(path, each.path)),
  );
  return isUnsure ? undefined : paths;
}

function isWithin(path: string, folder: string): boolean {
  const [own, above] = [partsOf(path), partsOf(folder)];
  return above.every((name, i) => own[i] === name);
}

function partsOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** Whether any of these paths has a link in it, which a runtime follows in the container's root. */
async function isLinked(folder: Folder, paths: readonly (readonly string[])[]): Promise<boolean> {
  for (const name of new Set(paths.flatMap(([first]) => first ?? []))) {
    const entry = await lstat(folder.at(name)).catch(unlessMissing);
    if (entry?.isSymbolicLink()) return true;
    const rest = paths.filter(([first, ...more]) => first === name && more.length > 0);
    if (!entry?.isDirectory() || rest.length === 0) continue;
    const next = await hold(folder.at(name));
    const below = rest.map(([, ...more]) => more);
    if (await isLinked(next, below).finally(() => next.close())) return true;
  }
  return false;
}
