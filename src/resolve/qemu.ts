import { type Domain, type DomainList, listDomains } from '../discovery/libvirt.js';
import { toFound } from '../discovery/libvirt-provider.js';
import { matchFound } from '../discovery/match-found.js';
import type { Deps, Listing } from '../discovery/provider.js';
import { qemu } from '../discovery/qemu-provider.js';
import type { Scope } from '../discovery/runtime-dirs.js';
import type { QemuTarget } from '../target/target.js';
import { ambiguousName, resolveFound, unknownName } from './found.js';
import type { Resolution, ResolveContext } from './resolution.js';

/** For one question to one libvirtd. Milliseconds. */
const timeoutMs = 10_000;

export interface QemuSources {
  readonly domains: (deps: Deps, scopes: readonly Scope[]) => Promise<DomainList>;
  /** What the processes' command lines tell, where no libvirtd can be asked. */
  readonly processes: (deps: Deps) => Promise<Listing>;
}

const sources: QemuSources = { domains: listDomains, processes: qemu.list };

/**
 * A machine of QEMU: a libvirt domain by name, UUID or id as libvirt-ssh-proxy has it, else a QEMU whose command line has
 * the name or UUID.
 */
export async function resolveQemu(
  { scope, name }: QemuTarget,
  context: ResolveContext,
  { domains: listAll, processes }: QemuSources = sources,
): Promise<Resolution> {
  const deps: Deps = { timeoutMs, ...context };
  const { domains, warnings } = await listAll(deps, scopesOf[scope]);
  context.signal?.throwIfAborted();
  const [domain, ...others] = firstScope(scope, matchDomains(name, domains));
  if (domain && others.length > 0) {
    const targets = toFound([domain, ...others]).map(({ target }) => target);
    throw ambiguousName(name, targets, context);
  }
  const [known] = domain ? toFound([domain]) : [];
  if (domain && known) {
    const typed = /^[\w.-]+$/.test(domain.name) ? domain.name : domain.uuid;
    const uri = domain.scope === 'system' ? 'qemu:///system' : 'qemu:///session';
    return resolveFound(known, context, {
      start: `virsh -c ${uri} start ${typed}`,
      address: `give it a vsock device and start it anew: virsh -c ${uri} edit ${typed}, <vsock model='virtio'><cid auto='yes'/></vsock> among its devices`,
    });
  }
  const { found } = await processes(deps);
  const [process, ...more] = matchFound(name, found);
  if (process === undefined) {
    const known = [...domains.map((each) => each.name), ...found.map((each) => each.name)];
    const hint = 'see virsh list --all, and vmssh list';
    throw unknownName('QEMU', name, [...new Set(known)], warnings, context, hint);
  }
  if (more.length > 0)
    throw ambiguousName(
      name,
      [process, ...more].map(({ address, target }) => address ?? target),
      context,
    );
  return resolveFound(process, context, {
    start: 'start it anew',
    address:
      'start it with a vsock device, -device vhost-vsock-pci,guest-cid=3, or a forwarded port, -nic user,hostfwd=tcp:127.0.0.1:2222-:22',
  });
}

const scopesOf: Readonly<Record<QemuTarget['scope'], readonly Scope[]>> = {
  any: ['system', 'user'],
  system: ['system'],
  session: ['user'],
};

function matchDomains(name: string, domains: readonly Domain[]): readonly Domain[] {
  const found = toFound(domains).map((each, i) => ({ ...each, domain: domains[i] }));
  const byName = matchFound(name, found).flatMap(({ domain }) => domain ?? []);
  return byName.length > 0 ? byName : domains.filter(({ id }) => String(id) === name);
}

// The system's comes first where the libvirtd is not named, as libvirt-ssh-proxy has it.
function firstScope(scope: QemuTarget['scope'], domains: readonly Domain[]): readonly Domain[] {
  const names = new Set(domains.map(({ name }) => name));
  return scope === 'any' && names.size === 1 ? domains.slice(0, 1) : domains;
}
