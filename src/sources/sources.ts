import { parseName } from '../target/text.js';
import type { Deps } from './provider.js';
import type { Source } from './source.js';

/** What has to be known of a source before it is loaded. */
export interface SourceEntry {
  readonly name: string;
  /** Variables that name its folders, files and sockets, as paths or "unix://PATH": one of another user's is not used. */
  readonly environment?: readonly string[];
  /** Variables that choose what it shows, and name no path. */
  readonly choices?: readonly string[];
  /** Folders that change when its machines come and go: a path, "~/FOLDER" or "$XDG_RUNTIME_DIR/FOLDER". */
  readonly watched?: (env: Deps['env']) => readonly string[];
  /** Whether it also knows machines of other sources, and answers without running a program. */
  readonly joins?: true;
  /** What one of its machines is, for help, if they are typed NAME/MACHINE: a kind of target is made of it. */
  readonly machines?: string;
  /** How that is typed, if not NAME/NAME. */
  readonly form?: string;
  /** Whether only a process shows its machines: their sockets are looked up at each connect, and users may have the same names. */
  readonly ofProcess?: true;
  /** Reads what follows "NAME/", if that is more than a name. Throws a RangeError. */
  readonly parse?: (rest: string) => string;
  readonly load: () => Promise<Source>;
}

/** Every source of machines. If two have the same machine, the earlier one counts. */
export const sources = [
  { name: 'hyper-v', load: async () => (await import('./hyper-v/provider.js')).hyperV },
  { name: 'wsl', load: async () => (await import('./wsl/provider.js')).wsl },
  {
    name: 'libvirt',
    watched: () => [
      ...['/run/libvirt/qemu', '/etc/libvirt/qemu'],
      ...['$XDG_RUNTIME_DIR/libvirt/qemu/run', '~/.config/libvirt/qemu'],
    ],
    load: async () => (await import('./libvirt/provider.js')).libvirt,
  },
  {
    name: 'incus',
    environment: ['INCUS_CONF', 'INCUS_DIR', 'INCUS_SOCKET', 'LXD_DIR'],
    machines: 'an Incus or LXD instance; REMOTE:NAME for one on an Incus remote',
    // scp cuts at a colon, and no name of Incus has a slash or "%".
    parse: (rest: string) => machineName(rest.replace(/^([^/%:]+)[/%](?=.)/, '$1:')),
    load: async () => (await import('./managers/incus.js')).incus,
  },
  {
    name: 'lima',
    environment: ['LIMA_HOME'],
    watched: ({ LIMA_HOME }: Deps['env']) => [LIMA_HOME || '~/.lima'],
    machines: 'a Lima instance',
    load: async () => (await import('./managers/lima.js')).lima,
  },
  {
    name: 'multipass',
    machines: 'a Multipass instance',
    load: async () => (await import('./managers/multipass.js')).multipass,
  },
  {
    name: 'podman',
    environment: ['CONTAINER_HOST', 'CONTAINERS_CONF', 'CONTAINERS_STORAGE_CONF'],
    // Of crun and runc; those of root cannot be watched by a user, nor Docker's.
    watched: () => ['$XDG_RUNTIME_DIR/crun', '$XDG_RUNTIME_DIR/runc'],
    machines: 'a container of Podman, or a machine of podman machine',
    load: async () => (await import('./containers/podman.js')).podman,
  },
  {
    name: 'docker',
    environment: ['DOCKER_HOST', 'DOCKER_CONFIG'],
    choices: ['DOCKER_CONTEXT'],
    machines: 'a container of Docker',
    load: async () => (await import('./containers/docker.js')).docker,
  },
  {
    name: 'machined',
    watched: () => ['/run/systemd/machines', '$XDG_RUNTIME_DIR/systemd/machines'],
    joins: true,
    load: async () => (await import('./machined/provider.js')).machined,
  },
  {
    name: 'nspawn',
    watched: () => ['/run/systemd/nspawn', '$XDG_RUNTIME_DIR/systemd/nspawn'],
    joins: true,
    load: async () => (await import('./machined/nspawn.js')).nspawn,
  },
  { name: 'qemu', joins: true, load: async () => (await import('./vmm/qemu.js')).qemu },
  { name: 'crosvm', joins: true, load: async () => (await import('./vmm/crosvm.js')).crosvm },
  {
    name: 'firecracker',
    joins: true,
    machines: 'a running Firecracker by its --id, else by the name of its API socket',
    form: 'firecracker/ID',
    ofProcess: true,
    load: async () => (await import('./vmm/firecracker.js')).firecracker,
  },
  {
    name: 'cloud-hypervisor',
    joins: true,
    machines:
      'a running cloud-hypervisor by the name of its API socket, else of its vsock socket, or by its UUID',
    ofProcess: true,
    load: async () => (await import('./vmm/cloud-hypervisor.js')).cloudHypervisor,
  },
  { name: 'vfkit', joins: true, load: async () => (await import('./vmm/vfkit.js')).vfkit },
  {
    name: 'kubevirt',
    machines: 'a virtual machine of KubeVirt; NAMESPACE/NAME for one in another namespace',
    parse: (rest: string) => namesIn(rest, 2),
    load: async () => (await import('./kubernetes/providers.js')).kubevirt,
  },
  {
    name: 'kubectl',
    environment: ['KUBECONFIG'],
    machines: 'a pod, by the exec of kubectl; NAMESPACE/NAME, and NAMESPACE/NAME/CONTAINER',
    parse: (rest: string) => namesIn(rest, 3),
    load: async () => (await import('./kubernetes/providers.js')).kubectl,
  },
] as const satisfies readonly SourceEntry[];

/** All of them, or those with these names. */
export function loadSources(names?: readonly string[]): Promise<readonly Source[]> {
  const entries: readonly SourceEntry[] = sources;
  return Promise.all(
    entries.filter(({ name }) => names?.includes(name) ?? true).map((each): Promise<Source> => each.load()),
  );
}

export type SourceName = (typeof sources)[number]['name'];

/** The folders that change when machines come and go, of all sources. */
export function watchedFolders(env: Deps['env']): readonly string[] {
  const entries: readonly SourceEntry[] = sources;
  return entries.flatMap(({ watched }) => watched?.(env) ?? []);
}

/** The loader of one. */
export function sourceBy(wanted: SourceName): () => Promise<Source> {
  const entries: readonly SourceEntry[] = sources;
  const entry = entries.find(({ name }) => name === wanted);
  if (!entry) throw new TypeError(`no source ${wanted}`);
  return entry.load;
}

/** What stands after "NAME/" in a target. Throws a RangeError if no machine can have it. */
export function machineName(rest: string): string {
  return parseName(rest, 'machine name');
}

function namesIn(rest: string, most: number): string {
  const names = rest.split(/[/%]/).map(machineName);
  if (names.length > most)
    throw new RangeError(`the name has more than ${most} parts: ${JSON.stringify(rest)}`);
  return names.join('/');
}
