import { parseName } from './name.js';
import type { Kind, LibvirtTarget } from './target.js';

/** qemu/NAME as libvirt-ssh-proxy has it; with :system or :session for one libvirtd alone. */
export const libvirt: Kind = {
  name: 'qemu',
  form: 'qemu[:system|:session]/NAME',
  summary: 'a libvirt domain by its name, UUID or id',
  match: (text) => /^qemu(?::(system|session))?[/%](.*)$/is.exec(text),
  parse: ([, scope = 'any', rest = '']) => ({
    kind: 'libvirt',
    scope: scope.toLowerCase() as LibvirtTarget['scope'],
    name: parseName(rest, 'domain name'),
  }),
};
