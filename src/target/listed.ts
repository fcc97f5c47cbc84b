import { parseName } from './name.js';
import type { Kind, ListedTarget } from './target.js';

/** lima/NAME, incus/NAME, multipass/NAME, podman/NAME: machines that their own manager lists. */
export const listed: Kind = {
  name: 'listed',
  form: 'lima|incus|multipass|podman/NAME',
  summary: 'a machine of Lima, Incus (or LXD), Multipass or podman machine',
  words: ['lima', 'incus', 'multipass', 'podman'],
  separators: '/%',
  parse: ({ word, rest }) => ({
    kind: 'listed',
    provider: word as ListedTarget['provider'],
    name: parseName(rest, 'machine name'),
  }),
};
