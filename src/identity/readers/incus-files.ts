import { type Instance, incusSockets, lxdSockets, parseInstances } from '../../sources/managers/incus.js';
import { type Deps, DiscoveryError } from '../../sources/provider.js';
import { execCommand } from '../../sources/tools/exec-route.js';
import { getBytes, getJson } from '../../sources/tools/http-unix.js';
import { exists } from '../../sources/tools/run-tool.js';
import type { ReachedMachine } from '../record.js';
import { type MachineFiles, maxKeyText } from './machine-files.js';

/**
 * The files of an instance of Incus or LXD on this host, by the API for files, which works in containers whether they run or not, and
 * in virtual machines by their agent (https://linuxcontainers.org/incus/docs/main/rest-api-spec/). The daemon opens them inside the
 * instance's root, so a link leads nowhere else.
 */
export async function incusFiles(machine: ReachedMachine, deps: Deps): Promise<MachineFiles | undefined> {
  for (const client of ['incus', 'lxd'] as const) {
    const sockets = client === 'incus' ? await incusSockets(deps, exists) : lxdSockets(deps);
    for (const socket of sockets) {
      const instance = await instanceAt(socket, machine, deps);
      if (instance) return filesOf(instance, socket, client, deps);
    }
  }
  return undefined;
}

/** The machine's instance, by its UUID if it has one: another project may have one of its name. */
async function instanceAt(
  socket: string,
  { uuid, target }: ReachedMachine,
  deps: Deps,
): Promise<Instance | undefined> {
  if (!(await exists(socket))) return undefined;
  try {
    const all = parseInstances(await getJson(socket, '/1.0/instances?recursion=1&all-projects=true', deps));
    const same = all.filter((each) => (uuid === undefined ? each.target === target : each.uuid === uuid));
    // A user of its group makes what he likes in his own project, such as one with this UUID.
    const [found, ...more] = same.filter(({ authority }) => authority !== 'other');
    return more.length === 0 ? found : undefined;
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    return undefined;
  }
}

function filesOf(
  { name, project }: Instance,
  socket: string,
  client: 'incus' | 'lxd',
  deps: Deps,
): MachineFiles {
  const place = project === undefined ? '' : `&project=${encodeURIComponent(project)}`;
  const files = `/1.0/instances/${encodeURIComponent(name)}/files`;
  const textOf = async (path: string): Promise<readonly string[]> => {
    const question = `${files}?path=${encodeURIComponent(path)}${place}`;
    try {
      return [(await getBytes(socket, question, deps, maxKeyText)).toString('latin1')];
    } catch (error) {
      // One file that is missing, or no file, is not a failure of the others.
      if (error instanceof DiscoveryError && error.code !== 'TIMEOUT') return [];
      throw error;
    }
  };
  return {
    exec: execCommand(client, name, { namespace: project }),
    read: async (paths) => (await Promise.all(paths.map(textOf))).flat(),
  };
}
