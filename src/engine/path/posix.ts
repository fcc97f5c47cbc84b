import { flavour } from './flavour.js';

export const posix = flavour(
  {
    sep: '/',
    delimiter: ':',
    separator: '/',
    isSeparator: (character) => character === '/',
    split: (path) => {
      const rooted = path.startsWith('/');
      return { device: '', rooted, rest: rooted ? path.slice(1) : path };
    },
    same: (one, other) => one === other,
  },
  () => process.cwd(),
);
