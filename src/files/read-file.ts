import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';

/** More than any configuration, list of keys or cache. Bytes. */
const defaultLimit = 16 << 20;

/**
 * The bytes of a regular file of at most `limit` bytes. Another user may own or replace it: a longer one is EFBIG,
 * anything but a regular file EINVAL, and a FIFO does not block. Rejects with a system error.
 */
export async function readBytes(path: string, limit?: number): Promise<Buffer> {
  return (await readWithStats(path, limit)).bytes;
}

/** The same, with the stats of the file that was read. `links`: whether to follow a symlink. */
export async function readWithStats(
  path: string,
  limit = defaultLimit,
  links = true,
): Promise<{ readonly bytes: Buffer; readonly stats: Stats }> {
  const file = await open(path, links ? flags : flags | (constants.O_NOFOLLOW ?? 0));
  try {
    const stats = await file.stat();
    checkStats(stats, path, limit);
    const bytes = new Bytes(path, limit);
    while (bytes.add(await file.read(bytes.next()))) {}
    return { bytes: bytes.all(), stats };
  } finally {
    await file.close();
  }
}

/** The same as UTF-8. */
export async function readText(path: string, limit?: number): Promise<string> {
  return (await readWithStats(path, limit)).bytes.toString();
}

/** The first bytes of a regular file, at most `most`. Rejects with a system error, EINVAL for anything else. */
export async function readStart(path: string, most: number): Promise<Buffer> {
  const file = await open(path, flags);
  try {
    checkStats(await file.stat(), path, Number.POSITIVE_INFINITY);
    const bytes = new Bytes(path, most);
    while (
      bytes.length < most &&
      bytes.add(await file.read(bytes.next().subarray(0, most - bytes.length)))
    ) {}
    return bytes.all();
  } finally {
    await file.close();
  }
}

/**
 * `readText`, synchronously, for files that no disk or process can delay for long. `pipes`: the file may be a pipe, and is
 * waited for.
 */
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

const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

function checkStats(stats: Stats, path: string, limit: number): void {
  if (!stats.isFile()) throw failure('EINVAL', 'it is not a regular file', path);
  if (stats.size > limit) throw tooLong(path, limit);
}

/** What was read so far; files of /proc do not report their size. */
class Bytes {
  readonly #path: string;
  readonly #limit: number;
  /** Buffers that are full. */
  readonly #parts: Buffer[] = [];
  #buffer: Buffer;
  #used = 0;
  #length = 0;

  constructor(path: string, limit: number) {
    this.#path = path;
    this.#limit = limit;
    this.#buffer = Buffer.allocUnsafe(Math.min(shortestRead, limit + 1));
  }

  get length(): number {
    return this.#length;
  }

  /** Where the next bytes go. */
  next(): Buffer {
    if (this.#used === this.#buffer.length) {
      this.#parts.push(this.#buffer);
      this.#buffer = Buffer.allocUnsafe(Math.min(this.#length, maxRead, this.#limit - this.#length + 1));
      this.#used = 0;
    }
    return this.#used === 0 ? this.#buffer : this.#buffer.subarray(this.#used);
  }

  /** Whether there may be more. */
  add({ bytesRead }: { bytesRead: number }): boolean {
    this.#used += bytesRead;
    this.#length += bytesRead;
    if (this.#length > this.#limit) throw tooLong(this.#path, this.#limit);
    return bytesRead > 0;
  }

  all(): Buffer {
    const last = this.#buffer.subarray(0, this.#used);
    return this.#parts.length === 0 ? last : Buffer.concat([...this.#parts, last], this.#length);
  }
}

/** Bytes. Most files of /proc are shorter than the first. */
const shortestRead = 4 << 10;
const maxRead = 64 << 10;

function tooLong(path: string, limit: number): Error {
  return failure('EFBIG', `it is longer than ${limit} bytes`, path);
}

function failure(code: string, problem: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${problem}, read '${path}'`), { code, syscall: 'read', path });
}

/** The path without links; undefined if nothing is there, or one of its folders may not be searched. */
export function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
