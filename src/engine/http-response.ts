/** The result of parsing some bytes of an answer. */
interface Parsed {
  /** Once, when it is complete. */
  readonly head?: Head;
  readonly body: readonly Buffer[];
  /** The answer has ended. */
  readonly complete: boolean;
}

/** Node's limit for the status line and headers. Bytes. */
const maxHead = 16 * 1024;
/** The limit for a chunk's length and extensions, or a trailer line. */
const maxLine = 4096;

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
    if (this.#state !== 'complete') throw errorWith('ECONNRESET', this.#head ? 'aborted' : 'socket hang up');
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
    if (end > maxHead || (end < 0 && this.#rest.length > maxHead)) {
      throw errorWith('HPE_HEADER_OVERFLOW', 'Parse Error: Header overflow');
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
    if (end > maxLine || (end < 0 && this.#rest.length > maxLine)) throw parseError('a line has no end');
    if (end < 0) return false;
    const line = this.#rest.toString('latin1', 0, end).replace(/\r$/, '');
    this.#rest = this.#rest.subarray(end + 1);
    take(line);
    return true;
  }
}

function parseError(problem: string): Error {
  return errorWith('HPE_INVALID_CHUNK_SIZE', `Parse Error: ${problem}`);
}

function errorWith(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** Status line and headers of an answer. */
interface Head {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly chunked: boolean;
  /** Bytes of the body; undefined if the end of the connection ends it, or if it is chunked. */
  readonly length: number | undefined;
}

/** Parses it, without the empty line after it. Throws an error with a code if it is invalid. */
function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n');
  const [, digits] = /^HTTP\/1\.[01] (\d{3})(?: .*)?$/.exec(first) ?? [];
  if (digits === undefined) throw invalid('HPE_INVALID_CONSTANT', 'Expected HTTP/');
  const headers = Object.fromEntries(lines.map(parseLine));
  const status = Number(digits);
  const chunked = headers['transfer-encoding']?.split(',').at(-1)?.trim().toLowerCase() === 'chunked';
  const length = headers['content-length'];
  if (length !== undefined && !/^\d{1,15}$/.test(length)) {
    throw invalid('HPE_INVALID_CONTENT_LENGTH', 'Invalid character in Content-Length');
  }
  const empty = status === 204 || status === 304;
  return { status, headers, chunked, length: empty ? 0 : length === undefined ? undefined : Number(length) };
}

function parseLine(line: string): [string, string] {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon);
  if (colon < 0 || !/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) {
    throw invalid('HPE_INVALID_HEADER_TOKEN', 'Invalid header token');
  }
  return [name.toLowerCase(), withoutBlanks(line.slice(colon + 1))];
}

/** In linear time, which a regular expression for the blanks at an end does not take. */
function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

function invalid(code: string, problem: string): Error {
  return Object.assign(new Error(`Parse Error: ${problem}`), { code });
}
