import { stat } from 'node:fs/promises';
import { DiscoveryError } from '../discovery-error.js';
import { type FindPath, pathsOf } from '../processes/process-paths.js';
import { type ProcFs, processesNamed } from '../processes/processes.js';
import { ownSocket } from '../processes/socket-owner.js';
import type { Deps } from '../provider.js';
import { parseVhostDevice } from './vhost-device.js';

/** A vhost-device-vsock daemon that serves a QEMU machine. */
export interface VhostDaemon {
  readonly cid?: number | undefined;
  /** The `fileIdentity` of its socket to QEMU. */
  readonly socket?: string | undefined;
  /** Undefined if another user's socket is in its place. */
  readonly address?: string | undefined;
}

/** The running ones; `warn` is called for each with another user's socket in its place. */
export async function vhostDaemons(
  deps: Deps,
  warn: (error: DiscoveryError) => void,
  fs?: ProcFs,
): Promise<readonly VhostDaemon[]> {
  const processes = await processesNamed(/^(vhost-device-vsock|vhost-user-vsock)$/, deps, fs);
  const daemons = processes.map(async (process): Promise<readonly VhostDaemon[]> => {
    const find = await pathsOf(process.pid, deps, fs);
    const own = ownSocket(find, process);
    const addressOf = async (path: string) => {
      try {
        return `vsock-mux${await own(path)}`;
      } catch (error) {
        if (!(error instanceof DiscoveryError)) throw error;
        warn(error);
        return undefined;
      }
    };
    return Promise.all(
      parseVhostDevice(process).map(async ({ cid, socket, udsPath }) => ({
        cid,
        socket: socket && (await fileIdentity(find, socket)),
        address: await addressOf(udsPath),
      })),
    );
  });
  return (await Promise.all(daemons)).flat();
}

/** The same for two processes that use the same file: in containers they may have different paths for it. */
export async function fileIdentity(find: FindPath, path: string): Promise<string> {
  const here = await find(path).catch(() => path);
  return stat(here).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => here,
  );
}
