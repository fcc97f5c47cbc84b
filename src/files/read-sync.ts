import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  type Stats,
} from 'node:fs';

/** More than any configuration, list of keys or cache. Bytes. */
export const defaultLimit = 16 << 20;

/** `readText` of read-file.ts, synchronously, for files that nothing can delay for long. `pipes`: the file may be a pipe, and is waited for. */
export function readTextSync(path: string, limit = defaultLimit, pipes = false): string {
  const file = openSync(path, pipes ? constants.O_RDONLY : flags);
  try {
    if (!pipes) checkStats(fstatSync(file), path, limit);
    const bytes = new Bytes(path, limit);
    while (bytes.add({ bytesRead: readSync(file, bytes.next()) })) {}
    return bytes.all().toString();
  } finally {
    closeSync(file);
  }
}

/** The text of such a file; "" if it cannot be read. */
export function readTextIfAny(path: string, limit = defaultLimit): string {
  try {
    return readTextSync(path, limit);
  } catch {
    return '';
  }
}

export function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** For opening a file that another user may own: a FIFO does not block. */
export const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Throws for anything but a regular file of at most `limit` bytes, or, unless it is changed, /dev/null, by which people say that there is none. */
export function checkStats(stats: Stats, path: string, limit: number, isChanged = false): void {
  if (!stats.isFile() && (isChanged || realPath(path) !== '/dev/null'))
    throw failure('EINVAL', 'it is not a regular file', path);
  if (stats.size > limit) throw tooLong(path, limit);
}

/** What was read so far; files of /proc do not report their size. */
export class Bytes {
  readonly #path: string;
  readonly #limit: number;
  readonly #parts: Buffer[] = [];
  #next: Buffer | undefined;
  length = 0;

  constructor(path: string, limit: number) {
    this.#path = path;
    this.#limit = limit;
  }

  /** Where the next bytes go. Most files of /proc are shorter than the first; a long one comes in pieces of a page. */
  next(): Buffer {
    const size = Math.min(Math.max(shortestRead, this.length), maxRead, this.#limit - this.length + 1);
    this.#next ??= Buffer.allocUnsafe(size);
    return this.#next;
  }

  /** Whether there may be more. */
  add({ bytesRead }: { bytesRead: number }): boolean {
    if (bytesRead === 0 || !this.#next) return false;
    this.#parts.push(this.#next.subarray(0, bytesRead));
    this.#next = bytesRead < this.#next.length ? this.#next.subarray(bytesRead) : undefined;
    this.length += bytesRead;
    if (this.length > this.#limit) throw tooLong(this.#path, this.#limit);
    return true;
  }

  all(): Buffer {
    const [only] = this.#parts;
    return only && this.#parts.length === 1 ? only : Buffer.concat(this.#parts, this.length);
  }
}

/** Bytes. */
const shortestRead = 4 << 10;
const maxRead = 64 << 10;

function tooLong(path: string, limit: number): Error {
  return failure('EFBIG', `it is longer than ${limit} bytes`, path);
}

function failure(code: string, problem: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${problem}, read '${path}'`), { code, syscall: 'read', path });
}

/** An error's message without the path that Node adds, which may be that of a temporary file. */
export function reasonOf({ message }: Error): string {
  return message.replace(/, \w+(?: '.*)?$/s, '');
}

/** The path without links; undefined if nothing is there, or one of its folders may not be searched. */
export function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
