import { parseName } from './name.js';
import type { Kind } from './target.js';

/** container/NAME: an nspawn container by its exported socket, found without systemd-machined. */
export const container: Kind = {
  name: 'container',
  form: 'container/NAME',
  summary: 'a systemd-nspawn container by the socket it exports, without systemd-machined',
  words: ['container'],
  separators: '/%',
  parse: ({ rest }) => ({ kind: 'container', name: parseName(rest, 'container name') }),
};
