import { parseName } from './name.js';
import type { Kind } from './target.js';

/** wsl/DISTRO: a WSL2 distribution. */
export const wsl: Kind = {
  name: 'wsl',
  form: 'wsl/DISTRO',
  summary: 'a WSL2 distribution (from Windows)',
  words: ['wsl'],
  separators: '/%',
  parse: ({ rest }) => ({ kind: 'wsl', distro: parseName(rest, 'distribution name') }),
};
