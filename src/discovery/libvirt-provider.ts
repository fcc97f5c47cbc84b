import { nameProblem } from '../address/machine-name.js';
import { type Domain, listDomains } from './libvirt.js';
import type { Deps, Found, Listing, Provider } from './provider.js';

/** The domains of libvirt's QEMU driver, the system's and the user's own. */
export const libvirt: Provider = { name: 'libvirt', platforms: ['linux'], list };

async function list(deps: Deps): Promise<Listing> {
  const { domains, warnings } = await listDomains(deps);
  return { found: domains.map((domain) => toFound(domain, domains)), warnings };
}

/** `all`: where two have the name, the target names the libvirtd. */
export function toFound(domain: Domain, all: readonly Domain[]): Found {
  const { name, uuid, cid, status, scope } = domain;
  const isOnly = all.filter((each) => each.name === name).length === 1;
  const kind = isOnly ? 'qemu' : `qemu:${scope === 'system' ? 'system' : 'session'}`;
  const target = `${kind}/${nameProblem(name) === undefined ? name : uuid}`;
  const address = cid === undefined ? undefined : `vsock/${cid}`;
  return { name, target, status, provider: libvirt.name, cid, uuid, address };
}
