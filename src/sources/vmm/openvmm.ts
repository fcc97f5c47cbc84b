import { machineCid } from '../../target/numbers.js';
import { listenedSocket, pathsOf } from '../processes/process-paths.js';
import { noDevice, ofProcess, orWarn, processesNamed, warnInto } from '../processes/processes.js';
import { routesTo } from '../routes.js';
import type { Deps, Listing, Process, Source, Warning } from '../source.js';
import { leadsToItself } from '../tools/cid-space.js';
import { nameFrom, optionsOf } from './vhost-device.js';

/** Running OpenVMMs, by their command lines. */
export const openvmm: Source = {
  name: 'openvmm',
  title: 'OpenVMM',
  list,
};

async function list(deps: Deps): Promise<Listing> {
  const warnings: Warning[] = [];
  const warn = warnInto(warnings, openvmm.name);
  const processes = await processesNamed(/^openvmm$/, deps, { warn });
  const addressOf = async (process: Process, { cid, socket }: OpenvmmArgs) => {
    if (socket === undefined)
      return cid !== undefined && (await leadsToItself(cid, process, deps, warn))
        ? `vsock/${cid}`
        : undefined;
    const seen = async () => listenedSocket(await pathsOf(process, deps), process, deps)(socket);
    return orWarn(async () => `vsock-mux${await seen()}`, process, warn);
  };
  const found = await Promise.all(
    processes.map(async (process) => {
      const { pid, argv } = process;
      const args = parseOpenvmmArgs(argv);
      if (args.cid === undefined && args.socket === undefined && process.authority !== 'other')
        warn(noDevice(process, 'OpenVMM'));
      const target = await addressOf(process, args);
      if (target === undefined) return [];
      const name = nameFrom(args.socket ?? '') || `openvmm-${pid}`;
      const known = { name, target, provider: openvmm.name, pid, cid: args.cid, routes: routesTo([target]) };
      return ofProcess(process, { ...known, status: 'running' });
    }),
  );
  return { found: found.flat(), warnings };
}

interface OpenvmmArgs {
  readonly cid?: number;
  /** The multiplexer's socket, for `CONNECT PORT`. */
  readonly socket?: string;
}

/**
 * `--virtio-vsock-vhost-cid CID`, by the kernel, or `--virtio-vsock-path PATH`, whose guest has a CID that leads nowhere on the host
 * (openvmm#3162, #4006).
 */
export function parseOpenvmmArgs(argv: readonly string[]): OpenvmmArgs {
  const options = Object.fromEntries(optionsOf(argv.slice(1)));
  const { 'virtio-vsock-vhost-cid': cid, 'virtio-vsock-path': socket } = options;
  if (socket) return { socket };
  return cid === undefined ? {} : { cid: machineCid(cid) };
}
