import { read, write } from 'engine:files';
import { lstat, readdir, rmdir, unlink } from 'engine:paths';
import { toBuffer } from './bytes.js';

export type Stats = Pick<StatsOfNumbers, keyof StatsOfNumbers>;

/** Of a mode, in the bits above its lowest 12. */
const types = { fifo: 1, folder: 4, file: 8, link: 10, socket: 12 } as const;

function typeOf(mode: number): number {
  return (mode & 0o170000) >> 12;
}

/** Each login looks at files, and reads one or two fields of each: so it makes none, and no class is above this one. */
export class StatsOfNumbers {
  readonly #numbers: ReturnType<typeof lstat>;

  constructor(numbers: ReturnType<typeof lstat>) {
    this.#numbers = numbers;
  }

  isFile(): boolean {
    return typeOf(this.mode) === types.file;
  }
  isDirectory(): boolean {
    return typeOf(this.mode) === types.folder;
  }
  isSymbolicLink(): boolean {
    return typeOf(this.mode) === types.link;
  }
  isSocket(): boolean {
    return typeOf(this.mode) === types.socket;
  }
  isFIFO(): boolean {
    return typeOf(this.mode) === types.fifo;
  }

  get dev(): number {
    return this.#numbers[0];
  }
  get ino(): number {
    return this.#numbers[1];
  }
  get mode(): number {
    return this.#numbers[2];
  }
  get nlink(): number {
    return this.#numbers[3];
  }
  get uid(): number {
    return this.#numbers[4];
  }
  get gid(): number {
    return this.#numbers[5];
  }
  get size(): number {
    return this.#numbers[6];
  }
  get mtimeMs(): number {
    return this.#numbers[7];
  }
}

/** Flags of open(2) on Linux for x86, which natives translate for others, and of access(2). */
export const constants = {
  F_OK: 0,
  X_OK: 1,
  W_OK: 2,
  R_OK: 4,
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_NOCTTY: 0o400,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000,
  O_DIRECTORY: 0o200000,
  O_NOFOLLOW: 0o400000,
};

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND } = constants;

const letters: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  'r+': O_RDWR,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  wx: O_WRONLY | O_CREAT | O_TRUNC | O_EXCL,
  a: O_WRONLY | O_CREAT | O_APPEND,
};

export function openFlags(flags: string | number): number {
  const number = typeof flags === 'number' ? flags : letters[flags];
  if (number === undefined) throw new TypeError(`The argument 'flags' is invalid. Received '${flags}'`);
  return number;
}

const page = 4096;
const chunk = 65536;

export function readAll(descriptor: number): Buffer {
  const parts: Uint8Array[] = [];
  // Files of /proc have no size, and most of them are short.
  for (let size = page; ; ) {
    const part = read(descriptor, size);
    if (part.length === 0) break;
    parts.push(part);
    if (part.length === size) size = chunk;
  }
  const [only] = parts;
  return parts.length === 1 && only ? (toBuffer(only) as unknown as Buffer) : Buffer.concat(parts);
}

export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += write(descriptor, bytes.subarray(at));
}

/** Removes a file, or with `recursive` a folder and its content; with `force` a missing one is no error. */
export function removeTree(path: string, options: { recursive: boolean; force: boolean }): void {
  let found: Stats;
  try {
    found = new StatsOfNumbers(lstat(path));
  } catch (error) {
    if (options.force && (error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (!found.isDirectory()) {
    unlink(path);
    return;
  }
  if (!options.recursive) {
    const message = `Path is a directory: rm returned EISDIR (is a directory) ${path}`;
    throw Object.assign(new Error(message), { code: 'ERR_FS_EISDIR', path });
  }
  for (const name of readdir(path)) removeTree(`${path}/${name}`, options);
  rmdir(path);
}
