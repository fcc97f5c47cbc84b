import { posix } from '../path/posix.js';
import { win32 } from '../path/win32.js';

const own = process.platform === 'win32' ? win32 : posix;

export { posix, win32 };
export const { sep, delimiter, normalize, join, resolve, isAbsolute } = own;
export const { relative, dirname, basename, extname, parse } = own;
export default { ...own, posix, win32 };
