import { nameProblem } from '../../address/names.js';
import type { StartCommand } from '../../errors.js';
import { countBy } from '../../group-by.js';
import {
  type Deps,
  type DiscoveredMachine,
  type Listing,
  type Provider,
  type Search,
  serviceLimitMs,
  type Warning,
} from '../provider.js';
import { match, searchIn } from '../search.js';
import { authorityIn, type Scope } from '../tools/scope.js';
import { type Domain, type DomainList, listDomains } from './libvirt.js';

/** A domain and its libvirtd. */
export interface DiscoveredDomain extends DiscoveredMachine {
  readonly scope: Scope;
}

/** The domains of libvirt's QEMU driver, the system's and the user's. */
export const libvirt: Provider<DiscoveredDomain> = {
  name: 'libvirt',
  title: 'libvirt',
  platforms: ['linux'],
  programs: ['virsh'],
  watched: () => [
    ...['/run/libvirt/qemu', '/etc/libvirt/qemu'],
    ...['$XDG_RUNTIME_DIR/libvirt/qemu/run', '~/.config/libvirt/qemu'],
  ],
  limitMs: serviceLimitMs,
  list,
  find: (name, deps) => findDomain(name, deps),
};

/** By its libvirtd. */
export function startDomain(domain: DiscoveredDomain): StartCommand {
  const verb = domain.status === 'paused' ? 'resume' : 'start';
  return { machine: domain.name, command: ['virsh', '-c', uriOf(domain), verb, handleOf(domain)] };
}

/** The URI of a domain's libvirtd. */
export function uriOf({ scope }: Pick<DiscoveredDomain, 'scope'>): string {
  return scope === 'system' ? 'qemu:///system' : 'qemu:///session';
}

/** A domain for virsh: its name, or its UUID if virsh could read the name as an option or as another domain's id. */
export function handleOf({ name, uuid = name }: DiscoveredDomain): string {
  return /^[a-z_][\w.-]*$/i.test(name) ? name : uuid;
}

async function list(deps: Deps): Promise<Listing<DiscoveredDomain>> {
  const { domains, warnings } = await listDomains(deps);
  return { found: discoveredDomains(domains), warnings };
}

/** By name, slug, UUID, or id while it is active. If both libvirtds have the name, the system's, as in libvirt-ssh-proxy. */
export async function findDomain(
  name: string,
  deps: Deps,
  scopes: readonly Scope[] = ['system', 'user'],
  listAll: (deps: Deps, scopes: readonly Scope[]) => Promise<DomainList> = listDomains,
): Promise<Search<DiscoveredDomain, Warning>> {
  const { domains, warnings } = await listAll(deps, scopes);
  const found = discoveredDomains(domains);
  const named = match(name, found);
  const matches = named.length > 0 ? named : found.filter((_, i) => String(domains[i]?.id) === name);
  const isOneName = new Set(matches.map((each) => each.name)).size === 1;
  const meant = scopes.length > 1 && isOneName ? matches.slice(0, 1) : matches;
  return searchIn(meant, found, ({ target }) => target, warnings);
}

/** If two have the name, the target names the libvirtd. */
export function discoveredDomains(domains: readonly Domain[]): readonly DiscoveredDomain[] {
  const named = countBy(domains, ({ name }) => name);
  return domains.map(({ name, uuid, cid, status, scope }) => {
    const kind = named.get(name) === 1 ? 'qemu' : `qemu:${scope === 'system' ? 'system' : 'session'}`;
    const target = `${kind}/${nameProblem(name) === undefined ? name : uuid}`;
    const address = cid === undefined ? undefined : `vsock/${cid}`;
    const authority = authorityIn(scope);
    return { name, target, status, provider: libvirt.name, cid, uuid, address, scope, authority };
  });
}
