import { isDotHost, thisHost } from './dot-host.js';
import { parseName } from './name.js';
import type { Kind } from './target.js';

/** machine/NAME: what systemd-machined knows. */
export const machine: Kind = {
  name: 'machine',
  form: 'machine/NAME',
  summary: 'a VM or container registered at systemd-machined',
  words: ['machine'],
  separators: '/%',
  parse: ({ rest }) =>
    isDotHost(rest) ? thisHost : { kind: 'machine', name: parseName(rest, 'machine name') },
};
