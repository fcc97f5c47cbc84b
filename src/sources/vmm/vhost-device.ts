import { groupBy } from '../../base/group-by.js';
import { machineCid } from '../../typed/numbers.js';
import { fileIdentity, ownSocket, pathsOf } from '../processes/process-paths.js';
import { orWarn, processesNamed } from '../processes/processes.js';
import type { Deps, Process, Warn } from '../source.js';
import { fieldsOf, optionsOf } from './command-line.js';

interface VhostDaemon {
  readonly cid?: number;
  /** The `fileIdentity` of its socket to QEMU. */
  readonly socket?: string;
  /** Undefined if another user's socket is in its place. */
  readonly address?: string;
  readonly authority?: Process['authority'];
}

/** The running daemons; `warn` is called for each with another user's socket in its place. */
async function vhostDaemons(deps: Deps, warn: Warn): Promise<readonly VhostDaemon[]> {
  const processes = await processesNamed(/^(vhost[-_]device[-_]vsock|vhost-user-vsock)$/, deps, { warn });
  const daemons = processes.map(async (process): Promise<readonly VhostDaemon[]> => {
    const find = await pathsOf(process, deps);
    const own = ownSocket(find, process);
    const addressOf = (path: string) => orWarn(async () => `vsock-mux${await own(path)}`, process, warn);
    return Promise.all(
      parseVhostDevice(process).map(async ({ cid, socket, udsPath }) => ({
        cid,
        socket: socket && (await fileIdentity(find, socket)),
        address: await addressOf(udsPath),
        authority: process.authority,
      })),
    );
  });
  return (await Promise.all(daemons)).flat();
}

/** Finds the daemon that serves a machine's process at a path: one in a container serves none of this host, and the other way round. */
export async function daemonFinder(...which: Parameters<typeof vhostDaemons>): Promise<FindDaemon> {
  const [deps] = which;
  const daemons = await vhostDaemons(...which);
  const serving = daemons.filter(({ socket }) => socket !== undefined);
  const served = groupBy(serving, keyOf);
  return async (process, path) => {
    const socket = await fileIdentity(await pathsOf(process, deps), path);
    return served.get(keyOf({ ...process, socket }))?.[0];
  };
}

export type FindDaemon = (process: Process, path: string) => Promise<VhostDaemon | undefined>;

function keyOf({ socket, authority }: VhostDaemon): string {
  return `${authority === 'other'} ${socket}`;
}

interface VhostVsock extends Pick<VhostDaemon, 'cid'> {
  /** The path of the socket between the daemon and QEMU. */
  readonly socket?: string;
  /** The multiplexer's socket, for `CONNECT PORT`. */
  readonly udsPath: string;
}

/** A machine by the daemon's own options, or one per `--vm key=value,…`. */
export function parseVhostDevice({ argv }: { readonly argv: readonly string[] }): readonly VhostVsock[] {
  const options = optionsOf(argv.slice(1));
  const vms = options.filter(([name]) => name === 'vm').map(([, value]) => fieldsOf(value));
  const single = Object.fromEntries(options);
  return [...vms, single].flatMap((fields): VhostVsock[] => {
    const udsPath = fields['uds-path'];
    if (udsPath === undefined || udsPath === '') return [];
    // The daemon's own default is CID 3.
    return [{ cid: machineCid(fields['guest-cid'] ?? fields.cid ?? 3), socket: fields.socket, udsPath }];
  });
}
