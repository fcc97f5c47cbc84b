import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { readText, readWithStats } from '../../files/read-file.js';
import { parseGuid } from '../../typed/numbers.js';
import type { Deps } from '../source.js';
import { objectAt, objectsIn, parseJson, textOf } from '../tools/json.js';

/** Boxes have this user (https://developer.hashicorp.com/vagrant/docs/boxes/base), unless their Vagrantfile says another. */
interface VagrantLogin {
  readonly user: 'vagrant';
  readonly identityFile: string;
}

/**
 * Logins of Vagrant's machines with libvirt, by their UUIDs: its index names their folders, which have the UUID and the
 * key. Another user's folders and keys do not count, nor does what cannot be read.
 */
export async function vagrantLogins(
  { env }: Deps,
  uid: number | undefined = process.getuid?.(),
): Promise<ReadonlyMap<string, VagrantLogin>> {
  const home = env.VAGRANT_HOME || (env.HOME ? join(env.HOME, '.vagrant.d') : '');
  if (!isAbsolute(home) || uid === undefined) return new Map();
  const folders = await machineFolders(join(home, 'data/machine-index/index'), uid);
  const found = await Promise.all(folders.map((folder) => loginIn(folder, uid).catch(() => undefined)));
  return new Map(found.filter((each) => each !== undefined));
}

/** An index is some hundred bytes for each machine. */
const maxIndex = 4 << 20;
const maxMachines = 1000;

/** The folders of those with libvirt (lib/vagrant/machine_index.rb). */
async function machineFolders(index: string, uid: number): Promise<readonly string[]> {
  try {
    const { bytes, stats } = await readWithStats(index, maxIndex);
    const json: unknown = stats.uid === uid ? parseJson(bytes.toString()) : undefined;
    const machines = Object.values(objectAt(json, 'machines')).slice(0, maxMachines);
    return objectsIn(machines).flatMap((machine) => {
      const [path = '', name = ''] = [textOf(machine, 'local_data_path'), textOf(machine, 'name')];
      const isOne = machine.provider === 'libvirt' && isAbsolute(path) && /^[^/\0]+$/.test(name);
      return isOne && name !== '..' ? [join(path, 'machines', name, 'libvirt')] : [];
    });
  } catch {
    return [];
  }
}

async function loginIn(folder: string, uid: number): Promise<readonly [string, VagrantLogin] | undefined> {
  const identityFile = join(folder, 'private_key');
  if (!(await isOwn(folder, uid)) || !(await isOwn(identityFile, uid))) return undefined;
  const uuid = parseGuid((await readText(join(folder, 'id'), 256)).trim());
  return uuid === undefined ? undefined : [uuid, { user: 'vagrant', identityFile }];
}

async function isOwn(path: string, uid: number): Promise<boolean> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats: Stats = await file.stat().finally(() => file.close());
  return stats.uid === uid && (stats.mode & 0o002) === 0;
}
