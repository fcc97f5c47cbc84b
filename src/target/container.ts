import { parseName } from './name.js';
import type { Kind } from './target.js';

/** container/NAME: an nspawn container by its exported socket, found without systemd-machined. */
export const container: Kind = {
  name: 'container',
  form: 'container/NAME',
  summary: 'a systemd-nspawn container by the socket it exports, without systemd-machined',
  match: (text) => /^container[/%](.*)$/is.exec(text),
  parse: ([, rest = '']) => ({ kind: 'container', name: parseName(rest, 'container name') }),
};
