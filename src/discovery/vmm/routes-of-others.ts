import type { ListedRoute } from '../../route.js';
import { listAll } from '../list-all.js';
import { nspawn } from '../machined/nspawn.js';
import { machined } from '../machined/provider.js';
import { mergeMachines } from '../merge.js';
import { type Deps, type DiscoveredMachine, type Provider, providersOn } from '../provider.js';
import { isListedOnNetwork, listedRoutes } from '../routes.js';
import { cloudHypervisor } from './cloud-hypervisor.js';
import { crosvm } from './crosvm.js';
import { firecracker } from './firecracker.js';
import { qemu } from './qemu.js';
import { vfkit } from './vfkit.js';

/** Those that also know machines of other sources, and answer without running a program. */
const sources: readonly Provider[] = [machined, nspawn, qemu, crosvm, firecracker, cloudHypervisor, vfkit];

/** The routes that other sources have for the same machine, as `list` joins them, and its own does not. */
export async function routesOfOthers(
  found: DiscoveredMachine,
  deps: Deps,
  from: readonly Provider[] = sources,
): Promise<readonly ListedRoute[]> {
  const { platform = process.platform } = deps;
  const others = providersOn(platform, from).filter(({ name }) => name !== found.provider);
  const { machines } = await listAll(deps, others);
  const joined = mergeMachines([found, ...machines]).find(({ target }) => target === found.target);
  const own = new Set(listedRoutes(found).map((each) => JSON.stringify(each)));
  return listedRoutes(joined ?? found).filter(
    (each) => !own.has(JSON.stringify(each)) && !isListedOnNetwork(each),
  );
}
