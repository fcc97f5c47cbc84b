import { parseName } from './name.js';
import { split } from './split.js';
import type { Kind } from './target.js';

const scopes = ['system', 'session'] as const;

/** qemu/NAME as libvirt-ssh-proxy has it; with :system or :session for one libvirtd alone. */
export const libvirt: Kind = {
  name: 'qemu',
  form: 'qemu[:system|:session]/NAME',
  summary: 'a libvirt domain by its name, UUID or id',
  words: ['qemu'],
  separators: '/%:',
  parse({ separator, rest }) {
    if (separator !== ':') return { kind: 'libvirt', scope: 'any', name: parseName(rest, 'domain name') };
    const scoped = split(rest);
    const scope = scopes.find((each) => each === scoped.word);
    if (!scope || scoped.separator === '' || scoped.separator === ':') {
      throw new RangeError(`expected ${scopes.join(' or ')} behind "qemu:", and a name behind that`);
    }
    return { kind: 'libvirt', scope, name: parseName(scoped.rest, 'domain name') };
  },
};
