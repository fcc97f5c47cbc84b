import type { Manager, Provider } from '../discovery/provider.js';
import type { NamedTarget } from '../target/target.js';
import { parseName } from '../target/text.js';
import type { Kind } from './kind.js';

/** NAME/MACHINE: a machine by its name in its manager; `load`: the provider of the same name; `named`: the name for it. */
export function managed<Name extends string>(
  name: Name,
  summary: string,
  load: () => Promise<Manager>,
  named: (rest: string) => string = (rest) => rest,
): Kind<NamedTarget<Name>> {
  return {
    name,
    form: `${name}/NAME`,
    summary,
    separators: '/%',
    rest: 'name',
    from: 'linux-mac',
    takesPort: true,
    hostKey: 'machine',
    network: true,
    providers: [name],
    parse: ({ rest }) => ({ kind: name, name: parseName(named(rest), 'machine name') }),
    async resolve(target, context) {
      const { resolveManaged } = await import('../resolve/managed.js');
      return resolveManaged(target.name, await load(), context);
    },
  };
}

export const limaKind = managed(
  'lima',
  'a Lima instance',
  async () => (await import('../discovery/managers/lima.js')).lima,
);
export const incusKind = managed(
  'incus',
  'an Incus or LXD instance; REMOTE:NAME for one on an Incus remote',
  async () => (await import('../discovery/managers/incus.js')).incus,
  // scp cuts at a colon, and no name of Incus has a slash or "%".
  (rest) => rest.replace(/^([^/%:]+)[/%](?=.)/, '$1:'),
);
export const multipassKind = managed(
  'multipass',
  'a Multipass instance',
  async () => (await import('../discovery/managers/multipass.js')).multipass,
);
export const podmanKind = managed(
  'podman',
  'a container of Podman, or a machine of podman machine',
  async () => (await import('../discovery/containers/podman.js')).podman,
);
export const dockerKind = managed(
  'docker',
  'a container of Docker',
  async () => (await import('../discovery/containers/docker.js')).docker,
);

/** Of a machine that only its process shows. Its socket is looked up at each connect: a path may be another process's later. */
const ofProcess = { from: 'linux', keyHasOwner: true } as const;

export const firecrackerKind = listed({
  name: 'firecracker',
  form: 'firecracker/ID',
  summary: 'a running Firecracker by its --id, else by the name of its API socket',
  ...ofProcess,
  load: async () => (await import('../discovery/vmm/firecracker.js')).firecracker,
});
export const cloudHypervisorKind = listed({
  name: 'cloud-hypervisor',
  form: 'cloud-hypervisor/NAME',
  summary:
    'a running cloud-hypervisor by the name of its API socket, else of its vsock socket, or by its UUID',
  ...ofProcess,
  load: async () => (await import('../discovery/vmm/cloud-hypervisor.js')).cloudHypervisor,
});

const inCluster = { from: 'linux-mac', network: true } as const;

export const kubevirtKind = listed({
  name: 'kubevirt',
  form: 'kubevirt/NAME',
  summary: 'a virtual machine of KubeVirt; NAMESPACE/NAME for one in another namespace',
  ...inCluster,
  parse: (rest) => namesIn(rest, 2),
  load: async () => (await import('../discovery/kubernetes/providers.js')).kubevirt,
});
export const kubectlKind = listed({
  name: 'kubectl',
  form: 'kubectl/NAME',
  summary: 'a pod, by the exec of kubectl; NAMESPACE/NAME, and NAMESPACE/NAME/CONTAINER',
  ...inCluster,
  parse: (rest) => namesIn(rest, 3),
  load: async () => (await import('../discovery/kubernetes/providers.js')).kubectl,
});

interface Listed<Name extends string>
  extends Pick<Kind, 'form' | 'summary' | 'from' | 'keyHasOwner' | 'network'> {
  readonly name: Name;
  readonly parse?: (rest: string) => string;
  readonly load: () => Promise<Provider>;
}

/** NAME/MACHINE: a machine that no command of a manager starts. */
function listed<Name extends string>({
  name,
  parse = (rest) => parseName(rest, 'machine name'),
  load,
  ...more
}: Listed<Name>): Kind<NamedTarget<Name>> {
  return {
    name,
    ...more,
    separators: '/%',
    rest: 'name',
    takesPort: true,
    hostKey: 'machine',
    providers: [name],
    parse: ({ rest }) => ({ kind: name, name: parse(rest) }),
    async resolve(target, context) {
      const { resolveListed } = await import('../resolve/managed.js');
      return resolveListed(target.name, await load(), context);
    },
  };
}

function namesIn(rest: string, most: number): string {
  const names = rest.split(/[/%]/).map((each) => parseName(each, 'machine name'));
  if (names.length > most)
    throw new RangeError(`the name has more than ${most} parts: ${JSON.stringify(rest)}`);
  return names.join('/');
}
