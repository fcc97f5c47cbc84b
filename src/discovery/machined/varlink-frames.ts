import { isJsonObject, type JsonObject, parseJson } from '../tools/json.js';
import { VarlinkError } from './varlink-error.js';

/** A varlink message: JSON and a NUL byte (https://varlink.org/Method-Call). */
export function encodeFrame(message: JsonObject): string {
  return `${JSON.stringify(message)}\0`;
}

/** Splits a peer's bytes, in chunks of any size, into messages; buffers at most `limit` bytes. */
export class FrameReader {
  readonly #limit: number;
  #pieces: Uint8Array[] = [];
  #size = 0;

  /** `limit`: bytes of one frame without its NUL. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The messages that `chunk` completes, each parsed when it is read. Throws VarlinkError PROTOCOL. */
  *push(chunk: Uint8Array): Generator<JsonObject, void, undefined> {
    let start = 0;
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, start)) {
      this.#keep(chunk.subarray(start, end));
      start = end + 1;
      yield parseFrame(this.#take());
    }
    this.#keep(chunk.subarray(start));
  }

  #keep(piece: Uint8Array): void {
    this.#size += piece.length;
    if (this.#size > this.#limit) {
      this.#take();
      throw new VarlinkError('PROTOCOL', `the peer sends a frame of more than ${this.#limit} bytes`);
    }
    if (piece.length > 0) this.#pieces.push(piece);
  }

  #take(): Uint8Array {
    const [first, ...others] = this.#pieces;
    this.#pieces = [];
    this.#size = 0;
    return first && others.length === 0 ? first : Buffer.concat(first ? [first, ...others] : []);
  }
}

function parseFrame(frame: Uint8Array): JsonObject {
  const message = decode(frame);
  if (!isJsonObject(message))
    throw new VarlinkError('PROTOCOL', 'the peer sent a frame that is not a JSON object');
  return message;
}

function decode(frame: Uint8Array): unknown {
  try {
    return parseJson(utf8.decode(frame));
  } catch {
    return undefined;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
