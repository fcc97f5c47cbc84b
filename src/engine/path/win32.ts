import { flavour } from './flavour.js';

/** "C:", "\\server\share", or neither. */
const deviceForm = /^(?:([a-z]:)|[\\/]{2}([^\\/]+)[\\/]+([^\\/]+))/i;

export const win32 = flavour(
  {
    sep: '\\',
    delimiter: ';',
    separator: /[\\/]/,
    isSeparator: (character) => character === '\\' || character === '/',
    split: (path) => {
      const [whole = '', drive, server, share] = deviceForm.exec(path) ?? [];
      const after = path.slice(whole.length);
      const separated = /^[\\/]/.test(after);
      return {
        device: drive ?? (whole === '' ? '' : `\\\\${server}\\${share}`),
        rooted: separated || server !== undefined,
        rest: separated ? after.slice(1) : after,
      };
    },
    same: (one, other) => one.toLowerCase() === other.toLowerCase(),
  },
  () => process.cwd(),
);
