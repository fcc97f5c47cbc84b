import { quote } from '../base/errors.js';
import { parseName } from '../typed/names.js';
import type { Endpoint } from '../typed/route.js';
import type { VsockDevice } from './libvirt/vsock-device.js';
import type { Deps, ReachedMachine, Source } from './source.js';

/** What has to be known of a source before it is loaded. */
export interface SourceEntry {
  readonly name: string;
  readonly platforms: readonly NodeJS.Platform[];
  /** Whether it is asked only if it, or a machine of it, is named: it is on a network. */
  readonly isOnlyNamed?: true;
  /** Whether something of it is on this host: a list of all does not even load it if not. By default it is always asked. */
  readonly mayBeHere?: (look: HostLook) => boolean;
  /** The program without which it may not be able to say what machines there are. */
  readonly needs?: string;
  /** The programs whose processes are its machines, by the names of their files: a list loads it only if one runs. */
  readonly runs?: RegExp;
  /** Variables that name its folders, files and sockets, as paths or "unix://PATH": one of another user's is not used. */
  readonly environment?: readonly string[];
  /** Variables that choose what it shows, and name no path. */
  readonly choices?: readonly string[];
  /** Folders and files that change when its machines come and go: a path, "~/FOLDER" or "$XDG_RUNTIME_DIR/FOLDER". */
  readonly watched?: (env: Deps['env']) => readonly string[];
  /** If it knows machines of other sources too, or is none of vmssh's own: the families of the addresses that it may know. */
  readonly joins?: readonly Endpoint['family'][];
  /** What one of its machines is, for help, if they are typed NAME/MACHINE: a kind of target is made of it. */
  readonly machines?: string;
  /** How that is typed, if not NAME/NAME. */
  readonly form?: string;
  /** Whether only a process shows its machines: their sockets are looked up at each connect, and users may have the same names. */
  readonly ofProcess?: true;
  /** Reads what follows "NAME/", if that is more than a name. Throws a RangeError. */
  readonly parse?: (rest: string) => string;
  readonly device?: (machine: ReachedMachine, deps: Deps) => Promise<VsockDevice | undefined>;
  /** Whether its machines have a console for a person to type on. */
  readonly hasConsole?: true;
  /** The fix if it cannot be asked. */
  readonly fix?: string;
  readonly load: () => Promise<Source>;
}

/** Looks for what a source leaves on a host. They run no program, and may find another user's things: the source itself does not use them. */
export interface HostLook {
  readonly env: Deps['env'];
  program(name: string): boolean;
  /** Whether one of some paths is there: they may begin with "~" or "$XDG_RUNTIME_DIR". */
  file(...paths: readonly (string | undefined)[]): boolean;
  /** Whether this is Windows, or a Linux of WSL2. */
  windows(): boolean;
}

type DeviceOf = Parameters<NonNullable<SourceEntry['device']>>;

/** Every source of machines. If two have the same machine, the earlier one counts. */
export const sources = [
  {
    name: 'hyper-v',
    platforms: ['win32', 'linux'],
    mayBeHere: ({ windows }: HostLook) => windows(),
    hasConsole: true,
    load: async () => (await import('./hyper-v/source.js')).hyperV,
  },
  {
    name: 'wsl',
    platforms: ['win32'],
    fix: 'wsl --shutdown, which ends its distributions',
    load: async () => (await import('./wsl/wsl.js')).wsl,
  },
  {
    name: 'libvirt',
    platforms: ['linux'],
    environment: ['VAGRANT_HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME'],
    mayBeHere: ({ env: { XDG_CACHE_HOME = '~/.cache', LIBVIRT_DEFAULT_URI }, file }: HostLook) =>
      !!LIBVIRT_DEFAULT_URI ||
      file('/run/libvirt', '$XDG_RUNTIME_DIR/libvirt', `${XDG_CACHE_HOME}/libvirt`, '~/.config/libvirt'),
    watched: () => [
      ...['/run/libvirt/qemu', '/etc/libvirt/qemu'],
      ...['$XDG_RUNTIME_DIR/libvirt/qemu/run', '~/.config/libvirt/qemu'],
    ],
    device: async (...of: DeviceOf) => (await import('./libvirt/vsock-device.js')).vsockDevice(...of),
    hasConsole: true,
    fix: 'install virsh and join the group libvirt, then log in again: sudo apt-get install libvirt-clients && sudo usermod -aG libvirt "$USER"',
    load: async () => (await import('./libvirt/source.js')).libvirt,
  },
  {
    name: 'incus',
    platforms: ['linux'],
    mayBeHere: ({ env: { INCUS_SOCKET, INCUS_DIR, INCUS_CONF, LXD_SOCKET, LXD_DIR }, file }: HostLook) =>
      file(INCUS_SOCKET, INCUS_DIR, INCUS_CONF, '/run/incus', '/var/lib/incus', '~/.config/incus') ||
      file(LXD_SOCKET, LXD_DIR, '/var/lib/lxd', '/var/snap/lxd/common/lxd'),
    environment: ['INCUS_CONF', 'INCUS_DIR', 'INCUS_SOCKET', 'LXD_SOCKET', 'LXD_DIR'],
    machines: 'an Incus or LXD instance; REMOTE:NAME for one on an Incus remote',
    // scp cuts at a colon, and no name of Incus has a slash or "%".
    parse: (rest: string) => machineName(rest.replace(/^([^/%:]+)[/%](?=.)/, '$1:')),
    load: async () => (await import('./managers/incus.js')).incus,
  },
  {
    name: 'lima',
    platforms: ['linux', 'darwin'],
    needs: 'limactl',
    mayBeHere: ({ env: { XDG_DATA_HOME: data = '~/.local/share' }, program, file }: HostLook) =>
      program('limactl') || file('~/.lima', '~/.colima/_lima', `${data}/rancher-desktop/lima`),
    environment: ['LIMA_HOME', 'COLIMA_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME'],
    watched: ({ LIMA_HOME }: Deps['env']) => (LIMA_HOME ? [LIMA_HOME] : ['~/.lima', '~/.colima/_lima']),
    machines: 'a Lima instance',
    load: async () => (await import('./managers/lima.js')).lima,
  },
  {
    name: 'multipass',
    platforms: ['linux', 'darwin'],
    needs: 'multipass',
    mayBeHere: ({ program }: HostLook) => program('multipass'),
    choices: ['MULTIPASS_SERVER_ADDRESS'],
    machines: 'a Multipass instance',
    load: async () => (await import('./managers/multipass.js')).multipass,
  },
  {
    name: 'podman',
    platforms: ['linux', 'darwin'],
    needs: 'podman',
    mayBeHere: ({ env: { CONTAINER_HOST }, program, file }: HostLook) =>
      program('podman') || !!CONTAINER_HOST || file('/run/podman', '$XDG_RUNTIME_DIR/podman'),
    environment: [
      ...['CONTAINER_HOST', 'CONTAINERS_CONF', 'CONTAINERS_CONF_OVERRIDE', 'CONTAINERS_STORAGE_CONF'],
      ...['XDG_CONFIG_HOME', 'XDG_DATA_HOME'],
    ],
    choices: ['CONTAINER_CONNECTION'],
    // Of crun and runc; those of root cannot be watched by a user, nor Docker's. The file has the names: each `podman ps` changes its folder.
    watched: ({ XDG_DATA_HOME: data = '~/.local/share' }: Deps['env']) => [
      ...['$XDG_RUNTIME_DIR/crun', '$XDG_RUNTIME_DIR/runc'],
      `${data}/containers/storage/overlay-containers/containers.json`,
    ],
    machines: 'a container of Podman, or a machine of podman machine',
    load: async () => (await import('./containers/podman.js')).podman,
  },
  {
    name: 'docker',
    platforms: ['linux', 'darwin'],
    mayBeHere: ({ env: { DOCKER_HOST, DOCKER_CONFIG = '~/.docker' }, file }: HostLook) =>
      !!DOCKER_HOST ||
      file('/run/docker.sock', '/var/run/docker.sock', '$XDG_RUNTIME_DIR/docker.sock', DOCKER_CONFIG),
    environment: ['DOCKER_HOST', 'DOCKER_CONFIG'],
    choices: ['DOCKER_CONTEXT'],
    machines: 'a container of Docker',
    load: async () => (await import('./containers/docker.js')).docker,
  },
  {
    name: 'machined',
    platforms: ['linux'],
    watched: () => ['/run/systemd/machines', '$XDG_RUNTIME_DIR/systemd/machines'],
    joins: ['vsock', 'unix', 'vsock-mux'],
    fix: 'systemctl status systemd-machined',
    load: async () => (await import('./machined/source.js')).machined,
  },
  {
    name: 'nspawn',
    platforms: ['linux'],
    watched: () => ['/run/systemd/nspawn', '$XDG_RUNTIME_DIR/systemd/nspawn'],
    joins: ['unix'],
    load: async () => (await import('./machined/nspawn.js')).nspawn,
  },
  {
    name: 'qemu',
    platforms: ['linux', 'darwin'],
    runs: /^(qemu-system-[\w-]+|qemu-kvm|kvm)$/,
    hasConsole: true,
    joins: ['vsock', 'vsock-mux'],
    load: async () => (await import('./vmm/qemu.js')).qemu,
  },
  {
    name: 'crosvm',
    platforms: ['linux'],
    runs: /^crosvm$/,
    joins: ['vsock', 'vsock-mux'],
    load: async () => (await import('./vmm/crosvm.js')).crosvm,
  },
  {
    name: 'firecracker',
    platforms: ['linux'],
    runs: /^firecracker/,
    joins: ['vsock-mux'],
    machines: 'a running Firecracker by its --id, else by the name of its API socket',
    form: 'firecracker/ID',
    ofProcess: true,
    load: async () => (await import('./vmm/firecracker.js')).firecracker,
  },
  {
    name: 'cloud-hypervisor',
    platforms: ['linux'],
    runs: /^cloud-hypervisor/,
    joins: ['vsock-mux'],
    machines:
      'a running cloud-hypervisor by the name of its API socket, else of its vsock socket, or by its UUID',
    ofProcess: true,
    load: async () => (await import('./vmm/cloud-hypervisor.js')).cloudHypervisor,
  },
  {
    name: 'kvm',
    platforms: ['linux'],
    mayBeHere: ({ file }: HostLook) => file('/dev/kvm'),
    load: async (): Promise<Source> => (await import('./vmm/kvm.js')).kvmBeside(programsOfSources()),
  },
  {
    name: 'kubevirt',
    platforms: ['linux', 'darwin'],
    isOnlyNamed: true,
    environment: ['KUBECONFIG'],
    machines: 'a virtual machine of KubeVirt; NAMESPACE/NAME for one in another namespace',
    parse: (rest: string) => namesIn(rest, 2),
    load: async () => (await import('./kubernetes/cluster.js')).kubevirt,
  },
  {
    name: 'kubectl',
    platforms: ['linux', 'darwin'],
    isOnlyNamed: true,
    environment: ['KUBECONFIG'],
    machines: 'a pod, by the exec of kubectl; NAMESPACE/NAME, and NAMESPACE/NAME/CONTAINER',
    parse: (rest: string) => namesIn(rest, 3),
    load: async () => (await import('./kubernetes/cluster.js')).kubectl,
  },
] as const satisfies readonly SourceEntry[];

export const sourceEntries: readonly SourceEntry[] = sources;

export function loadSources(entries: readonly SourceEntry[] = sources): Promise<readonly Source[]> {
  return Promise.all(entries.map((entry) => entry.load()));
}

function programsOfSources(): readonly RegExp[] {
  return sourceEntries.flatMap(({ runs }) => runs ?? []);
}

export function watchedFolders(env: Deps['env']): readonly string[] {
  return sourceEntries.flatMap(({ watched }) => watched?.(env) ?? []);
}

export function sourceBy(wanted: (typeof sources)[number]['name']): SourceEntry {
  const entry = ownSource(wanted);
  if (!entry) throw new TypeError(`no source ${wanted}`);
  return entry;
}

/** Undefined if it is none of vmssh's own. */
export function ownSource(wanted: string | undefined): SourceEntry | undefined {
  return sourceEntries.find(({ name }) => name === wanted);
}

/** The groups whose members may use a manager, for hints. */
export const managersGroups = 'docker, incus-admin, libvirt';

/** What stands after "NAME/" in a target. Throws a RangeError if no machine can have it. */
export function machineName(rest: string): string {
  return parseName(rest, 'machine name');
}

function namesIn(rest: string, most: number): string {
  const names = rest.split(/[/%]/).map(machineName);
  if (names.length > most) throw new RangeError(`the name has more than ${most} parts: ${quote(rest)}`);
  return names.join('/');
}
