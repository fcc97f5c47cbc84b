import { parseName } from './name.js';
import type { Kind } from './target.js';

/** machine/NAME: what systemd-machined knows. */
export const machine: Kind = {
  name: 'machine',
  form: 'machine/NAME',
  summary: 'a VM or container registered at systemd-machined',
  match: (text) => /^machine[/%](.*)$/is.exec(text),
  parse: ([, rest = '']) => ({ kind: 'machine', name: parseName(rest, 'machine name') }),
};
