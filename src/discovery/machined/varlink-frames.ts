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
      const last = chunk.subarray(start, end);
      start = end + 1;
      this.#keep(last);
      yield parseFrame(this.#take());
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
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
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#size = 0;
    // Most messages are in one piece.
    return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
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
