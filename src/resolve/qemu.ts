import { type DomainList, listDomains } from '../discovery/libvirt/libvirt.js';
import {
  type DiscoveredDomain,
  findDomain,
  handleOf,
  startDomain,
  uriOf,
} from '../discovery/libvirt/provider.js';
import type { Deps, Listing } from '../discovery/provider.js';
import type { Scope } from '../discovery/tools/scope.js';
import { addressByQemu, qemu } from '../discovery/vmm/qemu.js';
import type { QemuTarget } from '../target/target.js';
import { resolveDiscovered } from './discovered.js';
import { type Asked, machineOrThrow, refuseIfSilent, searchProvider } from './find-machine.js';
import type { Resolution, ResolveContext } from './resolution.js';

/** For one query to a libvirtd. Milliseconds. */
const timeoutMs = 10_000;

export interface QemuSources {
  readonly domains: (deps: Deps, scopes: readonly Scope[]) => Promise<DomainList>;
  /** Machines from command lines of processes, if no libvirtd knows the name, or an address of it. */
  readonly processes: (deps: Deps) => Promise<Listing>;
  /** The IP addresses of a domain, only if a route over the network was asked for. */
  readonly addresses: (domain: DiscoveredDomain, deps: Deps) => Promise<readonly string[]>;
}

const sources: QemuSources = {
  domains: listDomains,
  processes: qemu.list,
  addresses: async (...args) => (await import('../discovery/libvirt/addresses.js')).domainAddresses(...args),
};

/**
 * A QEMU machine: a libvirt domain by name, UUID or id as in libvirt-ssh-proxy, else a QEMU process with that name or
 * UUID on its command line.
 */
export async function resolveQemu(
  { scope, name }: QemuTarget,
  context: ResolveContext,
  { domains, processes, addresses }: QemuSources = sources,
): Promise<Resolution> {
  const deps: Deps = { timeoutMs, ...context };
  const search = await findDomain(name, deps, scopesOf[scope], domains);
  context.signal?.throwIfAborted();
  if (search.outcome !== 'unknown') {
    const domain = machineOrThrow(search, name, context.text, asked);
    refuseIfSilent(domain, name, context.text, search.outcome === 'found' ? search.warnings : []);
    const isUp = domain.status === 'running' && domain.address === undefined;
    const address = isUp ? await addressByQemu(domain, deps, processes) : domain.address;
    const ip = async (leftMs: number) =>
      (await addresses(domain, { ...deps, timeoutMs: Math.min(leftMs, timeoutMs) }))[0];
    return resolveDiscovered({ ...domain, address }, context, howFor(domain), ip);
  }
  const { known, warnings } = search;
  const byProcess = await searchProvider({ ...qemu, list: processes }, name, deps);
  const all =
    byProcess.outcome === 'unknown'
      ? { ...byProcess, known: [...new Set([...known, ...byProcess.known])], warnings }
      : byProcess;
  const machine = machineOrThrow(all, name, context.text, asked);
  refuseIfSilent(machine, name, context.text, warnings);
  return resolveDiscovered(machine, context, {
    start: undefined,
    address:
      'start it with a vsock device, -device vhost-vsock-pci,guest-cid=3, or a forwarded port, -nic user,hostfwd=tcp:127.0.0.1:2222-:22',
  });
}

const asked: Asked = { title: qemu.title, hints: { unknown: 'see virsh list --all, and vmssh list' } };

const scopesOf: Readonly<Record<QemuTarget['scope'], readonly Scope[]>> = {
  any: ['system', 'user'],
  system: ['system'],
  session: ['user'],
};

function howFor(domain: DiscoveredDomain) {
  const edit = `virsh -c ${uriOf(domain)} edit ${handleOf(domain)}`;
  return {
    start: startDomain(domain),
    address: `give it a vsock device and restart it: ${edit}, <vsock model='virtio'><cid auto='yes'/></vsock> among its devices`,
  };
}
