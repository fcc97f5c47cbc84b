import { nameProblem } from '../../address/names.js';
import { countBy, groupBy } from '../../group-by.js';
import { DiscoveryError } from '../discovery-error.js';
import { pathsOf } from '../processes/process-paths.js';
import { ofProcess, type ProcFs, processesNamed, warnInto } from '../processes/processes.js';
import { type Listeners, readListeners } from '../processes/tcp-listeners.js';
import type { Deps, DiscoveredMachine, Listing, Process, Provider, Warning } from '../provider.js';
import { routeTo } from '../routes.js';
import { parseQemuArgs, type QemuMachine } from './qemu-args.js';
import { fileIdentity, type VhostDaemon, vhostDaemons } from './vhost-device.js';

/** Running QEMUs, only by their command lines: needs no daemon and no privileges. */
export const qemu: Provider = {
  name: 'qemu',
  title: 'QEMU',
  platforms: ['linux', 'darwin'],
  list: (deps) => list(deps),
};

async function list(deps: Deps, fs?: ProcFs): Promise<Listing> {
  const warnings: Warning[] = [];
  const warn = warnInto(warnings, qemu.name);
  const [machines, daemons] = await Promise.all([
    processesNamed(/^(qemu-system-[\w-]+|qemu-kvm|kvm)$/, deps, { fs, warn }),
    vhostDaemons(deps, warn, fs),
  ]);
  let table: Promise<Listeners> | undefined;
  const listeners = () => {
    table ??= readListeners(deps);
    return table;
  };
  const seen = await Promise.all(machines.map((process) => look(process, deps, { warn, listeners, fs })));
  // What a container says takes no name from a machine of this host.
  const named = countBy(seen, ({ name, authority }) => (authority === 'other' ? undefined : name));
  const served = groupBy(daemons, servedBy);
  return { found: seen.flatMap((each) => toDiscovered(each, named, served)), warnings };
}

type Seen = QemuMachine & Process;

/** A daemon in a container serves none of this host, and the other way round. */
function servedBy({ socket, authority }: Pick<VhostDaemon, 'socket' | 'authority'>): string | undefined {
  return socket && `${authority === 'other'} ${socket}`;
}

interface Sources {
  readonly warn: (error: DiscoveryError) => void;
  /** Read once for all machines. */
  readonly listeners: () => Promise<Listeners>;
  readonly fs?: ProcFs | undefined;
}

async function look(process: Process, deps: Deps, sources: Sources): Promise<Seen> {
  const { argv, authority } = process;
  const machine = parseQemuArgs(argv);
  const { vhostUserSocket: socket, forwarded } = machine;
  return {
    ...process,
    ...machine,
    vhostUserSocket: socket && (await fileIdentity(await pathsOf(process, deps, sources.fs), socket)),
    // Of a container it would be a port of another network.
    forwarded:
      authority === 'other' ? undefined : forwarded && (await ownForward(forwarded, process, sources)),
  };
}

/** A forwarded port, if this QEMU listens there: one in another network namespace does not listen here, and another program may. */
async function ownForward(
  forwarded: string,
  { uid }: Process,
  { warn, listeners }: Sources,
  own: number | undefined = process.getuid?.(),
): Promise<string | undefined> {
  const [host = '', port = ''] = forwarded.split(':');
  try {
    const owners = (await listeners())(host, Number(port));
    const other = owners?.find((owner) => ![uid, 0, own].includes(owner));
    if (other === undefined) return owners?.length === 0 ? undefined : forwarded;
    const problem = `port ${forwarded} belongs to user ${other}, and its QEMU to user ${uid}`;
    throw new DiscoveryError('FOREIGN', problem);
  } catch (error) {
    if (!(error instanceof DiscoveryError)) throw error;
    warn(error);
    return undefined;
  }
}

function toDiscovered(
  machine: Seen,
  named: ReadonlyMap<string | undefined, number>,
  served: ReadonlyMap<string | undefined, readonly VhostDaemon[]>,
): readonly DiscoveredMachine[] {
  const { pid, name, uuid, vhostUserSocket, forwarded, authority } = machine;
  const key = servedBy({ socket: vhostUserSocket, authority });
  const [daemon] = key === undefined ? [] : (served.get(key) ?? []);
  const cid = machine.cid ?? daemon?.cid;
  const socket = daemon ? daemon.address : cid === undefined ? undefined : `vsock/${cid}`;
  const address = socket ?? forwarded;
  const isOnly = named.get(name) === 1;
  const typed = [isOnly ? name : undefined, uuid].find(
    (each) => each !== undefined && nameProblem(each) === undefined,
  );
  const target = typed === undefined ? socket : `qemu/${typed}`;
  if (target === undefined) return [];
  const known = { name: name ?? `qemu-${pid}`, target, status: 'running', provider: qemu.name } as const;
  // An address has one route.
  const several = typed !== undefined && socket !== undefined && forwarded !== undefined;
  const routes = several ? { routes: [socket, forwarded].map(routeTo) } : {};
  return ofProcess(machine, { ...known, cid, uuid, pid, address, ...routes });
}
