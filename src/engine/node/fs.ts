import * as files from 'engine:files';
import * as paths from 'engine:paths';
import type { Stats } from '../files.js';
import { constants, openFlags, readAll, removeTree, StatsOfNumbers, writeAll } from '../files.js';
import { knownOptions } from '../known-options.js';
import { dirname } from './path.js';

export { constants, type Stats };

export interface WriteOptions {
  readonly mode?: number;
  readonly flag?: string;
}

export interface MakeFolderOptions {
  readonly recursive?: boolean;
  readonly mode?: number;
}

export function openSync(path: string, flags: string | number, mode = 0o666): number {
  return files.open(path, openFlags(flags), mode);
}

export const closeSync: (descriptor: number) => void = files.close;
export const readSync: (descriptor: number, into: Uint8Array) => number = files.readInto;
export const writeSync: (descriptor: number, bytes: Uint8Array) => number = files.write;

export function fstatSync(descriptor: number): Stats {
  return new StatsOfNumbers(files.fstat(descriptor));
}

export function readFileSync(path: string | number): Buffer;
export function readFileSync(path: string | number, encoding: BufferEncoding): string;
export function readFileSync(path: string | number, encoding?: BufferEncoding): Buffer | string {
  const descriptor = typeof path === 'number' ? path : openSync(path, 'r');
  try {
    const bytes = readAll(descriptor);
    return encoding === undefined ? bytes : bytes.toString(encoding);
  } finally {
    if (descriptor !== path) files.close(descriptor);
  }
}

export function writeFileSync(path: string, data: string | Uint8Array, options: WriteOptions = {}): void {
  const { flag = 'w', mode } = knownOptions('writeFile', options, ['flag', 'mode']);
  const descriptor = openSync(path, flag, mode);
  try {
    writeAll(descriptor, typeof data === 'string' ? Buffer.from(data) : data);
  } finally {
    files.close(descriptor);
  }
}

export function existsSync(path: string): boolean {
  try {
    return paths.exists(path);
  } catch {
    return false; // a NUL in it
  }
}

export function accessSync(path: string, mode: number = constants.F_OK): void {
  paths.access(path, mode);
}

export function statSync(path: string): Stats {
  return new StatsOfNumbers(paths.stat(path));
}

export function lstatSync(path: string): Stats {
  return new StatsOfNumbers(paths.lstat(path));
}

/** Sorted by name. */
export function readdirSync(path: string): string[] {
  return paths.readdir(path).sort();
}

export const readlinkSync: (path: string) => string = paths.readlink;
export const realpathSync: (path: string) => string = paths.realpath;
export const renameSync: (from: string, to: string) => void = paths.rename;
export const rmdirSync: (path: string) => void = paths.rmdir;
export const unlinkSync: (path: string) => void = paths.unlink;
export const symlinkSync: (target: string, path: string) => void = paths.symlink;
export const mkdtempSync: (prefix: string) => string = paths.mkdtemp;

export function mkdirSync(path: string, options: MakeFolderOptions | number = {}): void {
  const named = typeof options === 'number' ? { mode: options } : options;
  const { recursive = false, mode = 0o777 } = knownOptions('mkdir', named, ['recursive', 'mode']);
  if (!recursive) {
    paths.mkdir(path, mode);
    return;
  }
  const above = dirname(path);
  try {
    paths.mkdir(path, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && above !== path) {
      mkdirSync(above, { recursive, mode });
      mkdirSync(path, { recursive, mode });
    } else if (code !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
  }
}

export function rmSync(path: string, options: { recursive?: boolean; force?: boolean } = {}): void {
  const { recursive = false, force = false } = knownOptions('rm', options, ['recursive', 'force']);
  removeTree(path, { recursive, force });
}

export default { constants, existsSync, realpathSync };
