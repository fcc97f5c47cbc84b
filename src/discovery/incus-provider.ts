import { stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { DiscoveryError } from './discovery-error.js';
import { type GetJson, getJson } from './http-unix.js';
import { isJsonObject, type JsonObject } from './json.js';
import { textOf } from './json-tool.js';
import type { Deps, Found, Listing, Provider, Status, Warning } from './provider.js';

/** The instances of Incus, and of LXD, which has the same API: VMs by their CID, containers by their address. */
export const incus: Provider = { name: 'incus', platforms: ['linux'], list: (deps) => listIncus(deps) };

export async function listIncus(
  deps: Deps,
  get: GetJson = getJson,
  exists: (path: string) => Promise<boolean> = (path) =>
    stat(path).then(
      () => true,
      () => false,
    ),
): Promise<Listing> {
  const warnings: Warning[] = [];
  for (const socket of sockets(deps)) {
    if (!(await exists(socket))) continue;
    try {
      return { found: parseInstances(await get(socket, query, deps)), warnings };
    } catch (error) {
      if (!(error instanceof DiscoveryError)) throw error;
      const hint = error.code === 'EACCES' ? ' (its group may: incus, incus-admin or lxd)' : '';
      warnings.push({ provider: incus.name, code: error.code, problem: `${error.message}${hint}` });
    }
  }
  return { found: [], warnings };
}

const query = '/1.0/instances?recursion=2&all-projects=true';

// Incus' for its admins and for its users, then LXD's as a package and as a snap.
function sockets({ env, runDir = '/run' }: Deps): readonly string[] {
  const own = [
    env.INCUS_SOCKET,
    env.INCUS_DIR && `${env.INCUS_DIR}/unix.socket`,
    env.LXD_DIR && `${env.LXD_DIR}/unix.socket`,
  ];
  return [
    ...own.filter((path): path is string => path !== undefined && path !== ''),
    `${runDir}/incus/unix.socket`,
    '/var/lib/incus/unix.socket',
    '/var/lib/incus/unix.socket.user',
    '/var/lib/lxd/unix.socket',
    '/var/snap/lxd/common/lxd/unix.socket',
  ];
}

/** Reads the answer to GET /1.0/instances?recursion=2. Throws a DiscoveryError PROTOCOL. */
export function parseInstances(answer: unknown): readonly Found[] {
  if (!isJsonObject(answer) || !Array.isArray(answer.metadata))
    throw new DiscoveryError('PROTOCOL', 'the answer holds no list of instances');
  const instances = answer.metadata.filter(isJsonObject);
  return instances.flatMap((instance): Found[] => {
    const name = textOf(instance, 'name');
    if (name === undefined) return [];
    const config = isJsonObject(instance.config) ? instance.config : {};
    const isOnly = instances.filter((each) => each.name === name).length === 1;
    const uuid = textOf(config, 'volatile.uuid')?.toLowerCase();
    const status = states[textOf(instance, 'status') ?? ''] ?? 'unknown';
    const cid = instance.type === 'virtual-machine' ? cidOf(config) : undefined;
    const address = cid === undefined ? ipAddress(instance.state) : `vsock/${cid}`;
    const target = `incus/${isOnly ? name : (uuid ?? name)}`;
    return [{ name, target, status, provider: incus.name, cid, uuid, address }];
  });
}

function cidOf(config: JsonObject): number | undefined {
  const cid = Number(textOf(config, 'volatile.vsock_id') ?? Number.NaN);
  return cid >= 3 && cid < 0xffff_ffff ? cid : undefined;
}

// The first address that others than the machine itself can use, IPv4 before IPv6.
function ipAddress(state: unknown): string | undefined {
  const network = isJsonObject(state) && isJsonObject(state.network) ? state.network : {};
  const addresses = Object.values(network)
    .flatMap((device) => (isJsonObject(device) && Array.isArray(device.addresses) ? device.addresses : []))
    .filter(isJsonObject)
    .filter(({ scope }) => scope === 'global')
    .map((each) => textOf(each, 'address') ?? '');
  return addresses.find((each) => isIP(each) === 4) ?? addresses.find((each) => isIP(each) === 6);
}

const states: Readonly<Record<string, Status>> = {
  Running: 'running',
  Starting: 'starting',
  Stopped: 'off',
  Stopping: 'running',
  Frozen: 'paused',
  Error: 'unknown',
};
