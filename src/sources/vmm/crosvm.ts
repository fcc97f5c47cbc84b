import { groupBy } from '../../base/group-by.js';
import { machineCid } from '../../typed/numbers.js';
import { noDevice, ofProcess, processesNamed, warnInto } from '../processes/processes.js';
import { routesTo } from '../routes.js';
import type { Deps, DiscoveredMachine, Listing, Source, Warning } from '../source.js';
import { leadsToItself } from '../tools/cid-space.js';
import { fieldsOf, nameFrom, optionsOf } from './command-line.js';
import type { QemuMachine } from './qemu.js';
import { daemonFinder } from './vhost-device.js';

/** Running crosvms, by their command lines. */
export const crosvm: Source = { name: 'crosvm', title: 'crosvm', list };

async function list(deps: Deps): Promise<Listing> {
  const warnings: Warning[] = [];
  const warn = warnInto(warnings, crosvm.name);
  const processes = await processesNamed(/^crosvm$/, deps, { warn });
  const running = processes.filter(({ argv }) => argv.includes('run'));
  // crosvm forks a process per device, all with the same command line, some in namespaces of their own.
  const machines = [...groupBy(running, ({ argv }) => argv.join('\0')).values()];
  const mains = machines.flatMap((all) => all.find(({ authority }) => authority !== 'other') ?? all[0] ?? []);
  const daemonAt = mains.length > 0 ? await daemonFinder(deps, warn) : undefined;
  const lists = await Promise.all(
    mains.map(async (process): Promise<readonly DiscoveredMachine[]> => {
      const { pid, argv, authority } = process;
      const { name, vhostUserSocket, ...options } = parseCrosvmArgs(argv);
      const daemon = vhostUserSocket === undefined ? undefined : await daemonAt?.(process, vhostUserSocket);
      const cid = daemon?.cid ?? options.cid;
      if (!daemon && cid === undefined && authority !== 'other') warn(noDevice(process, 'crosvm'));
      if (!daemon && (cid === undefined || !(await leadsToItself(cid, process, deps, warn)))) return [];
      const target = daemon ? daemon.address : `vsock/${cid}`;
      if (target === undefined) return [];
      const known = { name: name ?? `crosvm-${pid}`, target, cid, pid, routes: routesTo([target]) };
      return ofProcess(process, { ...known, status: 'running', provider: crosvm.name });
    }),
  );
  return { found: lists.flat(), warnings };
}

/** `--vsock 3`, `--vsock cid=3,…`, the older `--cid 3`, or a daemon's socket, `--vhost-user vsock,socket=PATH`; the name or the control socket's. */
export function parseCrosvmArgs(
  argv: readonly string[],
): Pick<QemuMachine, 'name' | 'cid' | 'vhostUserSocket'> {
  const args = argv.slice(1).map((arg) => (arg === '-s' ? '--socket' : arg));
  const all = optionsOf(args);
  const options = Object.fromEntries(all);
  const devices = all.flatMap(([option, value]) => (option === 'vhost-user' ? [fieldsOf(value)] : []));
  const socket = devices.find((fields) => 'vsock' in fields || fields.type === 'vsock')?.socket;
  const vsock = options.vsock ?? options.cid;
  const cid = vsock === undefined ? undefined : machineCid(fieldsOf(vsock).cid ?? vsock.split(',')[0]);
  const name = options.name ?? nameFrom(options.socket ?? '');
  return { name: name || undefined, cid, vhostUserSocket: socket || undefined };
}
