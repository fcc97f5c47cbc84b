import { mergeMachines } from '../discovery/merge.js';
import type { Deps, DiscoveredMachine, Listing } from '../discovery/provider.js';
import { qemu } from '../discovery/vmm/qemu.js';

/**
 * The address of a machine by its QEMU's command line, if whatever started it reports none: libvirt does not know a
 * device in `qemu:commandline`, and a machine may be registered at machined without its CID.
 */
export async function addressByQemu(
  machine: DiscoveredMachine,
  deps: Deps,
  list: (deps: Deps) => Promise<Listing> = qemu.list,
): Promise<string | undefined> {
  const { found } = await list(deps);
  return mergeMachines([machine, ...found])[0]?.address;
}
