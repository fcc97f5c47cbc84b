import { basename } from 'node:path';
import { countBy } from '../../base/group-by.js';
import { programInPath } from '../../process/program-in-path.js';
import { nameProblem } from '../../typed/names.js';
import { machineCid, parseUuid } from '../../typed/numbers.js';
import { atPort } from '../../typed/port.js';
import type { Route } from '../../typed/route.js';
import { mergeMachines } from '../merge.js';
import { containerOf } from '../processes/namespaces.js';
import { ownSocket, pathsOf } from '../processes/process-paths.js';
import { inContainer, ofProcess, processesNamed, warnInto } from '../processes/processes.js';
import type { Listeners } from '../processes/tcp-listeners.js';
import { loopbackFor, routesTo } from '../routes.js';
import type { Deps, DiscoveredMachine, Listing, Process, Recheck, Source, Warn, Warning } from '../source.js';
import { DiscoveryError } from '../source.js';
import { leadsToItself } from '../tools/cid-space.js';
import { withoutContested } from '../tools/claims.js';
import { objectAt, parseJson } from '../tools/json.js';
import type { FindPasst } from './passt.js';
import { daemonFinder, type FindDaemon } from './vhost-device.js';

/** Running QEMUs, only by their command lines: needs no daemon and no privileges. */
export const qemu: Source = {
  name: 'qemu',
  title: 'QEMU',
  hints: {
    address: ({ name, ids: [id = ''] = [] }) =>
      // Proxmox's number; what has no name may have a disk of that name.
      /^\d+$/.test(id) && !/^qemu-\d+$/.test(name)
        ? `qm set ${id} --args '-device vhost-vsock-pci,guest-cid=${id}', then stop and start it`
        : 'start it with a vsock device, -device vhost-vsock-pci,guest-cid=3, or the vhost-device-vsock of the one that it has, or give it a forwarded port of its own, -nic user,hostfwd=tcp:127.0.0.1:2222-:22',
  },
  list,
};

async function list(deps: Deps): Promise<Listing> {
  const warnings: Warning[] = [];
  const warn = warnInto(warnings, qemu.name);
  const [machines, daemonAt] = await Promise.all([
    processesNamed(/^(qemu-system-[\w-]+|qemu-kvm|kvm)$/, deps, { warn }),
    daemonFinder(deps, warn),
  ]);
  let finder: Promise<FindPasst> | undefined;
  const passtAt: FindPasst = async (...which) => {
    finder ??= import('./passt.js').then(({ passtFinder }) => passtFinder(deps, warn));
    return (await finder)(...which);
  };
  let table: Promise<Listeners> | undefined;
  const listeners = () => {
    table ??= import('../processes/tcp-listeners.js').then(({ readListeners }) => readListeners(deps));
    return table;
  };
  const asked: Sources = { warn, listeners, daemonAt, passtAt };
  const seen = await Promise.all(machines.map((machine) => look(machine, deps, asked)));
  // What a container says takes no name from a machine of this host.
  const here = seen.filter(({ authority }) => authority !== 'other');
  const named = countBy(here, ({ name }) => name);
  const used = countBy(here, ({ uuid }) => uuid);
  const isListed = ({ name, disk = '' }: Seen) =>
    name === undefined && ofMultipass.test(disk) && programInPath('multipass', deps.env) !== undefined;
  const own = seen.filter((each) => !isListed(each));
  return { found: own.flatMap((each) => fromQemu(each, { named, used }, warn)), warnings };
}

/** The disks of machines that Multipass lists, by names that their command lines lack. */
const ofMultipass = /\/multipassd\/vault\/instances\//;

interface Seen extends QemuMachine, Process {
  /** Whether the CID counts in another network only. */
  readonly isElsewhere: boolean;
  /** The container that it is in, if that has an id. */
  readonly inside: string | undefined;
  readonly daemon: Awaited<ReturnType<FindDaemon>>;
}

interface Sources {
  readonly warn: Warn;
  readonly daemonAt: FindDaemon;
  readonly passtAt: FindPasst;
  readonly listeners: () => Promise<Listeners>;
}

async function look(process: Process, deps: Deps, sources: Sources): Promise<Seen> {
  const { argv, authority, pid } = process;
  const machine = parseQemuArgs(argv);
  const { cid, vhostUserSocket: socket, networkSocket: network } = machine;
  const isOther = authority === 'other';
  const passt = network && !isOther ? await sources.passtAt(process, network) : undefined;
  const forwarded = machine.forwarded ?? passt?.forwarded;
  const forwarder = machine.forwarded === undefined ? (passt?.process ?? process) : process;
  const isElsewhere = cid !== undefined && !(await leadsToItself(cid, process, deps, sources.warn));
  return {
    ...process,
    ...machine,
    isElsewhere,
    cid: isElsewhere ? undefined : cid,
    inside: isOther ? containerOf(pid, deps) : undefined,
    daemon: socket === undefined ? undefined : await sources.daemonAt(process, socket),
    // Of a container it would be a port of another network.
    forwarded: isOther ? undefined : forwarded && (await ownForward(forwarded, forwarder, deps, sources)),
  };
}

/** A forwarded port, for 0 the one that it took, if this QEMU listens there and no other program; or a unix socket. */
async function ownForward(
  forwarded: string,
  qemu: Process,
  deps: Deps,
  { warn, listeners }: Sources,
): Promise<string | undefined> {
  const { pid, uid, argv } = qemu;
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(forwarded) ?? [];
  try {
    if (forwarded.startsWith('unix/'))
      return `unix${await ownSocket(await pathsOf(qemu, deps), qemu)(forwarded.slice(4))}`;
    const all = (await listeners())(host, port === '0' ? undefined : Number(port));
    if (all?.length === 0) return undefined;
    const { socketsOf } = await import('../processes/tcp-listeners.js');
    const sockets = all && (await socketsOf({ pid }, deps));
    if (port === '0') {
      const named = portsIn(argv);
      const [one, ...more] =
        all?.filter((listener) => sockets?.has(listener.inode) && !named.has(listener.port)) ?? [];
      if (one && more.length === 0) return `${host}:${one.port}`;
      throw new DiscoveryError('INCOMPLETE', `pid ${pid}: which port its QEMU took for 22 cannot be seen`);
    }
    const other = all?.find((listener) => ![uid, 0, process.getuid?.()].includes(listener.uid));
    if (other !== undefined) {
      const problem = `port ${forwarded} belongs to user ${other.uid}, and its QEMU to user ${uid}`;
      throw new DiscoveryError('FOREIGN', problem);
    }
    if (!all || !sockets || all.some(({ inode }) => sockets.has(inode))) return forwarded;
    throw new DiscoveryError('FOREIGN', `port ${forwarded} belongs to another process than its QEMU, ${pid}`);
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    warn(error);
    return undefined;
  }
}

/** Ports that a command line may name, as that of a display: "-vnc :1" is 5901. */
function portsIn(argv: readonly string[]): ReadonlySet<number> {
  const numbers = argv.flatMap((arg) => arg.match(/\d{1,5}/g) ?? []).map(Number);
  return new Set([...numbers, ...numbers.map((display) => 5900 + display)]);
}

function fromQemu(
  machine: Seen,
  { named, used }: Readonly<Record<'named' | 'used', ReadonlyMap<string | undefined, number>>>,
  warn: Warn,
): readonly DiscoveredMachine[] {
  const { pid, name, uuid, daemon, forwarded, vmId, hostname } = machine;
  const cid = machine.cid ?? daemon?.cid;
  const socket = daemon ? daemon.address : cid === undefined ? undefined : `vsock/${cid}`;
  const address = socket ?? forwarded;
  const isAlone = named.get(name) === 1;
  // A pid is another machine's later, so an address counts before it, if that is all there is.
  const byPid = (name === undefined || !isAlone) && (forwarded !== undefined || address === undefined);
  const pidName = byPid ? `qemu-${pid}` : undefined;
  const ownId = used.get(uuid) === 1 ? uuid : undefined;
  const typed = [isAlone ? name : undefined, ownId, pidName].find(
    (each) => each !== undefined && nameProblem(each) === undefined,
  );
  const target = typed === undefined ? socket : `qemu/${typed}`;
  if (machine.authority === 'other') warn(inContainer('QEMU', machine, socket));
  if (target === undefined || (machine.isElsewhere && address === undefined)) return [];
  const disk = machine.disk && basename(machine.disk).replace(/\.\w+$/, '');
  const more = name === undefined ? [hostname, disk] : typed === pidName ? [pidName] : [];
  const ids = [vmId, ...more].filter((each) => each !== undefined);
  const known = { name: name ?? `qemu-${pid}`, target, status: 'running', provider: qemu.name } as const;
  const lack = (problem: string) => warn(new DiscoveryError('INCOMPLETE', `pid ${pid}: ${problem}`));
  // An address has one route.
  const routes = routesTo(typed === undefined ? [socket] : [socket, forwarded], lack);
  return ofProcess(machine, { ...known, ...(ids.length > 0 ? { ids } : {}), cid, uuid, pid, routes });
}

/** Why the kernel does not reach a CID: its machine's vsock device is a program's, with a socket of its own. */
export async function notOfKernel(
  cid: number,
  deps: Deps,
  list: (deps: Deps) => Promise<Listing> = qemu.list,
): Promise<Recheck | undefined> {
  const { found } = await list(deps);
  const isIt = ({ cid: own, authority, routes = [] }: DiscoveredMachine) =>
    own === cid && authority !== 'other' && routes[0]?.name === 'vsock-mux';
  const target = found.find(isIt)?.target;
  if (target === undefined) return undefined;
  const problem = `the kernel does not have CID ${cid}: a program serves it for ${target}`;
  return { problem, hint: `ssh ${target}` };
}

/** The first route to a machine by its QEMU's command line, for a manager that does not know it: libvirt with `qemu:commandline`, machined. */
export async function routeByQemu(
  machine: DiscoveredMachine,
  deps: Deps & { readonly port: number },
  list: (deps: Deps) => Promise<Listing> = qemu.list,
): Promise<Route | undefined> {
  const { found } = await list(deps);
  const { machines } = withoutContested(mergeMachines([machine, ...found]));
  const [first] = machines[0]?.routes ?? [];
  return first && atPort(first, deps.port);
}

/** `cid`: of a vhost-vsock device, the kernel's own. */
export interface QemuMachine extends Partial<Pick<DiscoveredMachine, 'name' | 'uuid' | 'cid'>> {
  /** Of a vhost-user-vsock device: the socket between its daemon and QEMU. */
  readonly vhostUserSocket?: string;
  /** Proxmox's number. */
  readonly vmId?: string;
  /** The name that it gets with its address. */
  readonly hostname?: string;
  readonly disk?: string;
  /** Of a network that another program makes, as passt. */
  readonly networkSocket?: string;
  /** Where QEMU forwards to the guest's port 22: "127.0.0.1:2222", "unix/run/mint.sock". */
  readonly forwarded?: string;
}

/** Reads QEMU's arguments: `-name`, `-uuid` or `-smbios type=1`, the vsock device in all its spellings, ports of a "user" network. */
export function parseQemuArgs(argv: readonly string[]): QemuMachine {
  const pairs = argv
    .map((word, i) => [word, argv[i + 1] ?? ''] as const)
    .filter(([word], i) => i > 0 && word.startsWith('-'));
  const valuesOf = (option: RegExp) =>
    pairs.flatMap(([word, value]) => (option.test(word.replace(/^--?/, '')) ? [value] : []));
  const all = (option: RegExp, first: string) => valuesOf(option).map((value) => parseOption(value, first));
  const { guest, name } = all(/^name$/, 'guest').at(-1) ?? {};
  const firmware = all(/^smbios$/, 'file').filter(({ type, uuid }) => type === '1' && uuid !== undefined);
  const { uuid = '' } = [...firmware, ...all(/^uuid$/, 'uuid')].at(-1) ?? {};
  const devices = all(/^device$/, 'driver');
  const deviceOf = (driver: RegExp) => devices.findLast((each) => driver.test(each.driver ?? '')) ?? {};
  const chardevs = all(/^chardev$/, 'backend');
  const socketOf = (chardev: string | undefined) =>
    chardev === undefined ? undefined : chardevs.findLast(({ id }) => id === chardev)?.path;
  const network = /^(netdev|nic|net)$/;
  const networks = all(network, 'type');
  const stream = networks.find((each) => each['addr.path'] !== undefined)?.['addr.path'];
  const [inJson] = valuesOf(network).flatMap((value) => /"path":\s*"([^"]*)"/.exec(value)?.[1] ?? []);
  const disks = all(/^(hda|drive)$/, 'file').filter(({ if: bus }) => bus !== 'pflash');
  return {
    name: guest ?? name,
    uuid: parseUuid(uuid),
    vmId: valuesOf(/^id$/).at(-1),
    disk: disks.find(({ file, media }) => file !== undefined && media !== 'cdrom')?.file,
    hostname: networks.find(({ hostname }) => hostname !== undefined)?.hostname,
    forwarded: valuesOf(network).flatMap((value) => forwardOf(value) ?? [])[0],
    cid: machineCid(deviceOf(/^vhost-vsock-/)['guest-cid']),
    vhostUserSocket: socketOf(deviceOf(/^vhost-user-vsock-/).chardev),
    networkSocket:
      stream ?? inJson ?? socketOf(networks.find(({ chardev }) => chardev !== undefined)?.chardev),
  };
}

/** An option's value, "driver,key=value,…" with ",," for a comma, or the JSON form that libvirt writes. No argument has a NUL. */
function parseOption(text: string, first: string): Readonly<Record<string, string | undefined>> {
  if (text.startsWith('{')) return fromJson(text);
  const fields = text.replaceAll(',,', '\0').split(',').filter(Boolean);
  const pairs = fields.map((field, i): [string, string] => {
    const at = field.indexOf('=');
    const plain = field.slice(at + 1).replaceAll('\0', ',');
    if (at >= 0) return [field.slice(0, at), plain];
    return i === 0 ? [first, plain] : [plain, 'on'];
  });
  return Object.fromEntries(pairs);
}

function fromJson(text: string): Readonly<Record<string, string>> {
  try {
    const fields = Object.entries(objectAt(parseJson(text)));
    // Throws for {"toString": 1}: a command line may say anything.
    return Object.fromEntries(fields.map(([key, each]) => [key, String(each)]));
  } catch {
    return {};
  }
}

// "hostfwd=tcp:[ADDRESS]:PORT-[ADDRESS]:22", or {"str": "tcp:…"} in the JSON form. For 0 QEMU chooses one. "unix:PATH-[ADDRESS]:22" since QEMU 10.2.
function forwardOf(value: string): string | undefined {
  const [, path] = /(?:\bhostfwd=|"str":\s*")unix:((?:[^,":]|,,)*)-[^:,"-]*:22(?!\d)/.exec(value) ?? [];
  if (path?.startsWith('/')) return `unix${path.replaceAll(',,', ',')}`;
  const tcp = /(?:\bhostfwd=|"str":\s*")(?:tcp)?:([^:,"]*):(\d+)-[^:,"]*:22(?!\d)/.exec(value);
  return tcp ? `${loopbackFor(tcp[1] ?? '')}:${tcp[2]}` : undefined;
}
