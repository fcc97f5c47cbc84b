import { nameProblem } from '../address/machine-name.js';
import { countBy, groupBy } from '../group-by.js';
import { type ProcFs, pathsOf, processesNamed } from './processes.js';
import type { Deps, Found, Listing, Process, Provider } from './provider.js';
import { parseQemuArgs, type QemuMachine } from './qemu-args.js';
import { parseVhostDevice, type VhostVsock } from './vhost-device.js';

/** Running QEMUs, by their command lines alone: no daemon is asked, no privilege needed. */
export const qemu: Provider = { name: 'qemu', platforms: ['linux'], list: (deps) => list(deps) };

async function list(deps: Deps, fs?: ProcFs): Promise<Listing> {
  const [machines, daemons] = await Promise.all([
    processesNamed(/^(qemu-system-[\w-]+|qemu-kvm|kvm)$/, deps, fs),
    vhostDaemons(deps, fs),
  ]);
  const seen = await Promise.all(machines.map((process) => look(process, deps, fs)));
  const named = countBy(seen, ({ name }) => name);
  const served = groupBy(daemons, ({ socket }) => socket);
  return { found: seen.flatMap((each) => toFound(each, named, served)), warnings: [] };
}

type Seen = QemuMachine & { readonly pid: number };

async function look({ pid, argv }: Process, deps: Deps, fs?: ProcFs): Promise<Seen> {
  const machine = parseQemuArgs(argv);
  const { vhostUserSocket: socket } = machine;
  if (socket === undefined) return { pid, ...machine };
  return { pid, ...machine, vhostUserSocket: (await pathsOf(pid, deps, fs))(socket) };
}

function toFound(
  machine: Seen,
  named: ReadonlyMap<string | undefined, number>,
  served: ReadonlyMap<string | undefined, readonly VhostVsock[]>,
): Found[] {
  const { pid, name, uuid, vhostUserSocket } = machine;
  const [daemon] = vhostUserSocket === undefined ? [] : (served.get(vhostUserSocket) ?? []);
  const cid = machine.cid ?? daemon?.cid;
  const socket = daemon ? `vsock-mux${daemon.udsPath}` : cid === undefined ? undefined : `vsock/${cid}`;
  const address = socket ?? machine.forwarded;
  const isOnly = named.get(name) === 1;
  const typed = [isOnly ? name : undefined, uuid].find(
    (each) => each !== undefined && nameProblem(each) === undefined,
  );
  const target = typed === undefined ? socket : `qemu/${typed}`;
  if (target === undefined) return [];
  return [
    { name: name ?? `qemu-${pid}`, target, status: 'running', provider: qemu.name, cid, uuid, pid, address },
  ];
}

async function vhostDaemons(deps: Deps, fs?: ProcFs): Promise<readonly VhostVsock[]> {
  const processes = await processesNamed(/^(vhost-device-vsock|vhost-user-vsock)$/, deps, fs);
  const all = await Promise.all(
    processes.map(async (process: Process) => {
      const rooted = await pathsOf(process.pid, deps, fs);
      return parseVhostDevice(process).map(({ cid, socket, udsPath }) => ({
        cid,
        socket: socket === undefined ? undefined : rooted(socket),
        udsPath: rooted(udsPath),
      }));
    }),
  );
  return all.flat();
}
