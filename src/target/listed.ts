import { parseName } from './name.js';
import type { Kind, ListedTarget } from './target.js';

/** lima/NAME, incus/NAME, multipass/NAME, podman/NAME: machines that their own manager lists. */
export const listed: Kind = {
  name: 'listed',
  form: 'lima|incus|multipass|podman/NAME',
  summary: 'a machine of Lima, Incus (or LXD), Multipass or podman machine',
  match: (text) => /^(lima|incus|multipass|podman)[/%](.*)$/is.exec(text),
  parse: ([, provider = '', rest = '']) => ({
    kind: 'listed',
    provider: provider.toLowerCase() as ListedTarget['provider'],
    name: parseName(rest, 'machine name'),
  }),
};
