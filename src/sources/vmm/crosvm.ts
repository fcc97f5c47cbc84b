import { groupBy } from '../../group-by.js';
import { machineCid } from '../../typed/numbers.js';
import { noDevice, ofProcess, processesNamed, warnInto } from '../processes/processes.js';
import { routesTo } from '../routes.js';
import type { Deps, DiscoveredMachine, Listing, Process, Source, Warning } from '../source.js';
import { leadsToItself } from '../tools/cid-space.js';
import { daemonFinder, type FindDaemon, fieldsOf, nameFrom, optionsOf } from './vhost-device.js';

/** Running crosvms, by their command lines. */
export const crosvm: Source = {
  name: 'crosvm',
  title: 'crosvm',
  list,
};

async function list(deps: Deps): Promise<Listing> {
  const warnings: Warning[] = [];
  const warn = warnInto(warnings, crosvm.name);
  const processes = await processesNamed(/^crosvm$/, deps, { warn });
  const running = processes.filter(({ argv }) => argv.includes('run'));
  // crosvm forks a process per device, all with the same command line, some in namespaces of their own.
  const machines = [...groupBy(running, ({ argv }) => argv.join('\0')).values()];
  const mainOf = (all: readonly Process[]) => all.find(({ authority }) => authority !== 'other') ?? all[0];
  let finder: Promise<FindDaemon> | undefined;
  const daemonAt: FindDaemon = async (...which) => {
    finder ??= daemonFinder(deps, warn);
    return (await finder)(...which);
  };
  const isHere = async (cid: number | undefined, process: Process) => {
    if (cid === undefined && process.authority !== 'other') warn(noDevice(process, 'crosvm'));
    return cid !== undefined && (await leadsToItself(cid, process, deps, warn));
  };
  const found = await Promise.all(machines.map((all) => fromCrosvm(mainOf(all), daemonAt, isHere)));
  return { found: found.flat(), warnings };
}

async function fromCrosvm(
  process: Process | undefined,
  daemonAt: FindDaemon,
  isHere: (cid: number | undefined, process: Process) => Promise<boolean>,
): Promise<readonly DiscoveredMachine[]> {
  if (process === undefined) return [];
  const { pid, argv } = process;
  const { name, vhostUserSocket, ...options } = parseCrosvmArgs(argv);
  const daemon = vhostUserSocket === undefined ? undefined : await daemonAt(process, vhostUserSocket);
  const cid = daemon?.cid ?? options.cid;
  const target = daemon ? daemon.address : cid === undefined ? undefined : `vsock/${cid}`;
  if ((!daemon && !(await isHere(cid, process))) || target === undefined) return [];
  return ofProcess(process, {
    name: name ?? `crosvm-${pid}`,
    target,
    status: 'running',
    provider: crosvm.name,
    cid,
    pid,
    routes: routesTo([target]),
  });
}

/** `--vsock 3`, `--vsock cid=3,…`, the older `--cid 3`, or a daemon's socket, `--vhost-user vsock,socket=PATH`; the name or the control socket's. */
export function parseCrosvmArgs(argv: readonly string[]): {
  readonly name?: string;
  readonly cid?: number;
  readonly vhostUserSocket?: string;
} {
  const args = argv.slice(1).map((arg) => (arg === '-s' ? '--socket' : arg));
  const all = optionsOf(args);
  const options = Object.fromEntries(all);
  const devices = all.flatMap(([option, value]) => (option === 'vhost-user' ? [fieldsOf(value)] : []));
  const socket = devices.find((fields) => 'vsock' in fields || fields.type === 'vsock')?.socket;
  const vsock = options.vsock ?? options.cid;
  const cid = vsock === undefined ? undefined : machineCid(fieldsOf(vsock).cid ?? vsock.split(',')[0]);
  const name = options.name ?? nameFrom(options.socket ?? '');
  return { ...(name ? { name } : {}), cid, ...(socket ? { vhostUserSocket: socket } : {}) };
}
