import { nameProblem } from '../address/machine-name.js';
import { countBy } from '../group-by.js';
import { type Domain, listDomains } from './libvirt.js';
import type { Deps, Found, Listing, Provider } from './provider.js';

/** The domains of libvirt's QEMU driver, the system's and the user's own. */
export const libvirt: Provider = { name: 'libvirt', platforms: ['linux'], list };

async function list(deps: Deps): Promise<Listing> {
  const { domains, warnings } = await listDomains(deps);
  return { found: toFound(domains), warnings };
}

/** Where two have the name, the target names the libvirtd. */
export function toFound(domains: readonly Domain[]): readonly Found[] {
  const named = countBy(domains, ({ name }) => name);
  return domains.map(({ name, uuid, cid, status, scope }) => {
    const kind = named.get(name) === 1 ? 'qemu' : `qemu:${scope === 'system' ? 'system' : 'session'}`;
    const target = `${kind}/${nameProblem(name) === undefined ? name : uuid}`;
    const address = cid === undefined ? undefined : `vsock/${cid}`;
    return { name, target, status, provider: libvirt.name, cid, uuid, address };
  });
}
