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
  // Node's own on Windows: without the drive, and with slashes.
  () =>
    process.platform === 'win32'
      ? process
          .cwd()
          .replaceAll('\\', '/')
          .replace(/^[^/]*/, '')
      : process.cwd(),
);
