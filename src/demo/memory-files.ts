import { posix } from 'node:path';

/** More than the demo ever copies, so that a stray client cannot fill the memory. Bytes per file. */
const longest = 16 * 1024 * 1024;

/** One folder, "/", with files in memory. */
export class MemoryFiles {
  readonly #files = new Map<string, MemoryFile>();

  /** The absolute form of a path; a relative one starts at "/", and nothing leads above it. */
  absolute(path: string): string {
    return posix.resolve('/', path);
  }

  find(path: string): MemoryFile | undefined {
    return this.#files.get(this.absolute(path));
  }

  /** A new, empty file; undefined if the path is not directly in "/". */
  create(path: string): MemoryFile | undefined {
    const absolute = this.absolute(path);
    if (absolute === '/' || posix.dirname(absolute) !== '/') return undefined;
    const file = new MemoryFile();
    this.#files.set(absolute, file);
    return file;
  }
}

export class MemoryFile {
  #bytes = Buffer.alloc(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** At most `length` bytes from `offset` on; none at the end. */
  read(offset: number, length: number): Buffer {
    return this.#bytes.subarray(Math.min(offset, this.#size), Math.min(offset + length, this.#size));
  }

  /** False if the file would become too long; a gap reads as zeros. */
  write(offset: number, data: Uint8Array): boolean {
    const end = offset + data.length;
    if (end > longest) return false;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, Math.min(longest, 2 * this.#bytes.length)));
      this.#bytes.copy(larger, 0, 0, this.#size);
      this.#bytes = larger;
    }
    this.#bytes.set(data, offset);
    this.#size = Math.max(this.#size, end);
    return true;
  }

  truncate(): void {
    this.#bytes = Buffer.alloc(0);
    this.#size = 0;
  }
}
