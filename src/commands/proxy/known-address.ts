import type { Endpoint } from '../../endpoint.js';
import { isNamed } from '../../identity/identity.js';
import { asTarget } from '../../kinds/parse.js';
import { listAll } from '../../sources/list-all.js';
import { machined } from '../../sources/machined/provider.js';
import type { DiscoveredMachine } from '../../sources/provider.js';
import type { Source } from '../../sources/source.js';
import { cloudHypervisor } from '../../sources/vmm/cloud-hypervisor.js';
import { crosvm } from '../../sources/vmm/crosvm.js';
import { firecracker } from '../../sources/vmm/firecracker.js';
import { qemu } from '../../sources/vmm/qemu.js';

/** Those that know a machine's CID or socket without another program. */
const local: readonly Source[] = [machined, qemu, crosvm, firecracker, cloudHypervisor];

/** For all of them; without their answer it is an address. Milliseconds. */
const limitMs = 500;

/**
 * The machine that has an address now, so that its host key is checked as by its name; undefined if none is known, or two say so. What
 * another user says is not asked for.
 */
export async function machineByAddress(
  endpoint: Endpoint,
  env: Readonly<Record<string, string | undefined>>,
  sources: readonly Source[] = local,
): Promise<DiscoveredMachine | undefined> {
  const isThere = matcher(endpoint);
  if (!isThere) return undefined;
  const { machines } = await listAll({ env }, sources, limitMs);
  const found = machines.filter((machine) => machine.authority !== 'other' && isThere(machine));
  const [one, ...others] = found;
  const target = asTarget(one?.target ?? '');
  return one && others.length === 0 && target && isNamed(target) ? one : undefined;
}

function matcher(endpoint: Endpoint): ((machine: DiscoveredMachine) => boolean) | undefined {
  switch (endpoint.family) {
    case 'vsock':
      // 0 to 2 are this host and its own hypervisor.
      return endpoint.cid > 2 ? ({ cid }) => cid === endpoint.cid : undefined;
    case 'unix':
    case 'vsock-mux':
      return ({ address, routes = [] }) =>
        address === `${endpoint.family}${endpoint.path}` ||
        routes.some((route) => 'path' in route.endpoint && route.endpoint.path === endpoint.path);
    default:
      return undefined;
  }
}
