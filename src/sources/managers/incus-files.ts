import type { Deps, DiscoveredMachine, MachineFiles, ReachedMachine } from '../source.js';
import { DiscoveryError } from '../source.js';
import { getBytes, getJson } from '../tools/http-unix.js';
import { maxKeyText } from '../tools/machine-files.js';
import { exists } from '../tools/run-tool.js';

/**
 * The files of an instance by the API (https://linuxcontainers.org/incus/docs/main/rest-api-spec/): also of a container
 * that is off, and of a virtual machine by its agent. The daemon opens them inside the instance's root: a link leads
 * nowhere else.
 */
export async function incusFiles(
  machine: ReachedMachine,
  deps: Deps,
  { sockets, parse, exec }: Local,
): Promise<MachineFiles | undefined> {
  for (const client of ['incus', 'lxc'] as const)
    for (const socket of sockets[client]) {
      const found = await instanceAt(socket, machine, deps, parse);
      if (found) return { exec: exec(client, found.name, found.project), read: reader(found, socket, deps) };
    }
  return undefined;
}

type Instance = DiscoveredMachine & { readonly project?: string };

interface Local {
  readonly sockets: Readonly<Record<'incus' | 'lxc', readonly string[]>>;
  parse(answer: unknown): readonly Instance[];
  exec(client: 'incus' | 'lxc', name: string, project: string | undefined): MachineFiles['exec'];
}

/** The machine's instance, by its UUID if it has one: another project may have one of its name. */
async function instanceAt(
  socket: string,
  { uuid, target }: ReachedMachine,
  deps: Deps,
  parse: Local['parse'],
): Promise<Instance | undefined> {
  if (!(await exists(socket))) return undefined;
  try {
    const all = parse(await getJson(socket, '/1.0/instances?recursion=1&all-projects=true', deps));
    const same = all.filter((each) => (uuid === undefined ? each.target === target : each.uuid === uuid));
    // A user of its group makes what he likes in his own project, such as one with this UUID.
    const [found, ...more] = same.filter(({ authority }) => authority !== 'other');
    return more.length === 0 ? found : undefined;
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    return undefined;
  }
}

function reader({ name, project }: Instance, socket: string, deps: Deps): MachineFiles['read'] {
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
  return async (paths) => (await Promise.all(paths.map(textOf))).flat();
}
