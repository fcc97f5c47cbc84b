import { type Head, parseHead } from './head.js';

/** The result of parsing some bytes of an answer. */
export interface Parsed {
  /** Once, when it is complete. */
  readonly head?: Head;
  readonly body: readonly Buffer[];
  /** The answer has ended. */
  readonly complete: boolean;
}

/** Node's limit for the status line and headers. Bytes. */
const longestHead = 16 * 1024;
/** The limit for a chunk's length and extensions, or a trailer line. */
const longestLine = 4096;

/** Parses an HTTP/1.1 answer (RFC 9112), however its bytes are split. Throws an error with a code if it is invalid. */
export class ResponseParser {
  #rest: Buffer = Buffer.alloc(0);
  #head: Head | undefined;
  #state: 'head' | 'body' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'complete' = 'head';
  /** Remaining bytes of the body, or of the chunk. */
  #left = 0;

  push(bytes: Uint8Array): Parsed {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const before = this.#head;
    const body: Buffer[] = [];
    while (this.#step(body)) {}
    const head = before ? undefined : this.#head;
    return { ...(head ? { head } : {}), body, complete: this.#state === 'complete' };
  }

  /** The connection was closed, which ends a body of unknown length and breaks any other. */
  end(): Parsed {
    if (this.#state === 'body' && this.#left === Number.POSITIVE_INFINITY) this.#state = 'complete';
    if (this.#state !== 'complete') throw coded('ECONNRESET', this.#head ? 'aborted' : 'socket hang up');
    return { body: [], complete: true };
  }

  /** Parses one part; false if it needs more bytes, or is complete. */
  #step(body: Buffer[]): boolean {
    switch (this.#state) {
      case 'head':
        return this.#takeHead();
      case 'body':
      case 'chunk':
        return this.#takeBody(body);
      case 'chunk-size':
        return this.#takeLine((line) => this.#beginChunk(line));
      case 'chunk-end':
        return this.#takeLine((line) => {
          if (line !== '') throw parseError('a chunk is longer than it says');
          this.#state = 'chunk-size';
        });
      case 'trailers':
        return this.#takeLine((line) => {
          if (line === '') this.#state = 'complete';
        });
      case 'complete':
        return false;
    }
  }

  #takeHead(): boolean {
    const end = this.#rest.toString('latin1').indexOf('\r\n\r\n');
    if (end > longestHead || (end < 0 && this.#rest.length > longestHead)) {
      throw coded('HPE_HEADER_OVERFLOW', 'Parse Error: Header overflow');
    }
    if (end < 0) return false;
    const head = parseHead(this.#rest.toString('latin1', 0, end));
    this.#rest = this.#rest.subarray(end + 4);
    // An interim answer: the final one follows.
    if (head.status < 200) return true;
    this.#head = head;
    this.#left = head.length ?? Number.POSITIVE_INFINITY;
    this.#state = head.chunked ? 'chunk-size' : this.#left === 0 ? 'complete' : 'body';
    return true;
  }

  #takeBody(body: Buffer[]): boolean {
    if (this.#rest.length === 0) return false;
    const part = this.#rest.subarray(0, this.#left);
    this.#rest = this.#rest.subarray(part.length);
    this.#left -= part.length;
    body.push(part);
    if (this.#left === 0) this.#state = this.#state === 'chunk' ? 'chunk-end' : 'complete';
    return true;
  }

  #beginChunk(line: string): void {
    const [, digits] = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i.exec(line) ?? [];
    if (digits === undefined) throw parseError('a chunk has no length');
    this.#left = Number.parseInt(digits, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'chunk';
  }

  #takeLine(take: (line: string) => void): boolean {
    const end = this.#rest.indexOf(10);
    if (end > longestLine || (end < 0 && this.#rest.length > longestLine))
      throw parseError('a line has no end');
    if (end < 0) return false;
    const line = this.#rest.toString('latin1', 0, end).replace(/\r$/, '');
    this.#rest = this.#rest.subarray(end + 1);
    take(line);
    return true;
  }
}

function parseError(problem: string): Error {
  return coded('HPE_INVALID_CHUNK_SIZE', `Parse Error: ${problem}`);
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
