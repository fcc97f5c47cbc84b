import { nameProblem } from '../../address/machine-name.js';
import { countBy, groupBy } from '../../group-by.js';
import { DiscoveryError } from '../discovery-error.js';
import { pathsOf } from '../processes/process-paths.js';
import { type ProcFs, processesNamed } from '../processes/processes.js';
import { type Listeners, readListeners } from '../processes/tcp-listeners.js';
import type { Deps, DiscoveredMachine, Listing, Process, Provider, Warning } from '../provider.js';
import { routeTo } from '../routes.js';
import { parseQemuArgs, type QemuMachine } from './qemu-args.js';
import { fileIdentity, type VhostDaemon, vhostDaemons } from './vhost-daemons.js';

/** Running QEMUs, only by their command lines: needs no daemon and no privileges. */
export const qemu: Provider = {
  name: 'qemu',
  title: 'QEMU',
  platforms: ['linux', 'darwin'],
  list: (deps) => list(deps),
};

async function list(deps: Deps, fs?: ProcFs): Promise<Listing> {
  const warnings: Warning[] = [];
  const warn = ({ code, message: problem }: DiscoveryError) =>
    warnings.push({ provider: qemu.name, code, problem });
  const [machines, daemons] = await Promise.all([
    processesNamed(/^(qemu-system-[\w-]+|qemu-kvm|kvm)$/, deps, fs),
    vhostDaemons(deps, warn, fs),
  ]);
  let table: Promise<Listeners> | undefined;
  const listeners = () => {
    table ??= readListeners(deps);
    return table;
  };
  const seen = await Promise.all(machines.map((process) => look(process, deps, { warn, listeners, fs })));
  const named = countBy(seen, ({ name }) => name);
  const served = groupBy(daemons, ({ socket }) => socket);
  return { found: seen.flatMap((each) => toDiscovered(each, named, served)), warnings };
}

type Seen = QemuMachine & { readonly pid: number };

interface Sources {
  readonly warn: (error: DiscoveryError) => void;
  /** Read once for all machines. */
  readonly listeners: () => Promise<Listeners>;
  readonly fs?: ProcFs | undefined;
}

async function look(process: Process, deps: Deps, sources: Sources): Promise<Seen> {
  const { pid, argv } = process;
  const machine = parseQemuArgs(argv);
  const { vhostUserSocket: socket, forwarded } = machine;
  return {
    pid,
    ...machine,
    vhostUserSocket: socket && (await fileIdentity(await pathsOf(pid, deps, sources.fs), socket)),
    forwarded: forwarded && (await ownForward(forwarded, process, sources)),
  };
}

/** A forwarded port, if this QEMU listens there: one in another network namespace does not, and anybody else might. */
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
): DiscoveredMachine[] {
  const { pid, name, uuid, vhostUserSocket, forwarded } = machine;
  const [daemon] = vhostUserSocket === undefined ? [] : (served.get(vhostUserSocket) ?? []);
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
  return [{ ...known, cid, uuid, pid, address, ...routes }];
}
