import type { QemuTarget } from '../target/target.js';
import { parseName, split } from '../target/text.js';
import type { Kind } from './kind.js';

const scopes = ['system', 'session'] as const;

/** qemu/NAME as in libvirt-ssh-proxy; with :system or :session for only one libvirtd. */
export const qemuKind: Kind<QemuTarget> = {
  name: 'qemu',
  form: 'qemu[:system|:session]/NAME',
  summary: 'a libvirt domain by its name, UUID or id',
  separators: '/%:',
  rest: 'name',
  from: 'linux-mac',
  takesPort: true,
  hostKey: 'machine',
  providers: ['libvirt', 'qemu'],
  parse({ separator, rest }) {
    if (separator !== ':') return { kind: 'qemu', scope: 'any', name: parseName(rest, 'domain name') };
    const scoped = split(rest);
    const scope = scopes.find((each) => each === scoped.word);
    if (!scope || scoped.separator === '' || scoped.separator === ':') {
      throw new RangeError(`expected ${scopes.join(' or ')} after "qemu:", and a name after that`);
    }
    return { kind: 'qemu', scope, name: parseName(scoped.rest, 'domain name') };
  },
  async resolve(target, context) {
    return (await import('../resolve/qemu.js')).resolveQemu(target, context);
  },
};
