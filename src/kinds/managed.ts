import { parseName } from '../target/name.js';
import type { NamedTarget } from '../target/target.js';
import type { Kind } from './kind.js';

/** lima/NAME, incus/NAME, multipass/NAME, podman/NAME: machines that their own manager lists. */
function managed<Name extends 'lima' | 'incus' | 'multipass' | 'podman'>(
  name: Name,
  summary: string,
): Kind<NamedTarget<Name>> {
  return {
    name,
    form: `${name}/NAME`,
    summary,
    separators: '/%',
    rest: 'name',
    from: 'anywhere',
    takesPort: true,
    hostKey: 'machine',
    providers: [name],
    parse: ({ rest }) => ({ kind: name, name: parseName(rest, 'machine name') }),
    async resolve(target, context) {
      return (await import('../resolve/managed.js')).resolveManaged(target, context);
    },
  };
}

export const limaKind = managed('lima', 'an instance of Lima');
export const incusKind = managed('incus', 'an instance of Incus or LXD');
export const multipassKind = managed('multipass', 'an instance of Multipass');
export const podmanKind = managed('podman', 'a machine of podman machine');
