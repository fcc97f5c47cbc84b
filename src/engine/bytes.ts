import { decodeLatin1, decodeUtf8, encodeLatin1, encodeUtf8 } from 'engine:bytes';

/** Without its static functions, since Node's Buffer has others with the same names. */
const Bytes: new (length: number) => Uint8Array = Uint8Array;

/** The used part of Node's Buffer: a Uint8Array with encodings. */
export class EngineBuffer extends Bytes {
  static from(
    value: string | ArrayBuffer | ArrayLike<number> | Iterable<number>,
    encodingOrOffset?: BufferEncoding | number,
    length?: number,
  ): EngineBuffer {
    if (typeof value === 'string')
      return toBuffer(encode(value, encodingOrOffset as BufferEncoding | undefined));
    if (value instanceof ArrayBuffer) {
      return toBuffer(new Uint8Array(value, encodingOrOffset as number | undefined, length));
    }
    return toBuffer(Uint8Array.from(value as Iterable<number>));
  }

  static alloc(size: number): EngineBuffer {
    return toBuffer(new Uint8Array(size));
  }

  static allocUnsafe(size: number): EngineBuffer {
    return EngineBuffer.alloc(size);
  }

  static byteLength(value: string | Uint8Array): number {
    return typeof value === 'string' ? encodeUtf8(value).length : value.byteLength;
  }

  static isBuffer(value: unknown): value is EngineBuffer {
    return value instanceof EngineBuffer;
  }

  static concat(list: readonly Uint8Array[], length = list.reduce((sum, each) => sum + each.length, 0)) {
    const all = EngineBuffer.alloc(length);
    let at = 0;
    for (const each of list) {
      all.set(each.length <= length - at ? each : each.subarray(0, length - at), at);
      at += Math.min(each.length, length - at);
    }
    return all;
  }

  override toString(encoding?: BufferEncoding, start = 0, end = this.length): string {
    return decode(start === 0 && end === this.length ? this : this.subarray(start, end), encoding);
  }

  override subarray(start?: number, end?: number): EngineBuffer {
    return toBuffer(super.subarray(start, end));
  }

  equals(other: Uint8Array): boolean {
    return this.length === other.length && this.every((byte, index) => byte === other[index]);
  }

  readUInt32BE(offset = 0): number {
    return new DataView(this.buffer, this.byteOffset, this.byteLength).getUint32(offset);
  }

  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array;
  }
}

/** Turns bytes into a Buffer in place, by setting the prototype. */
export function toBuffer(bytes: Uint8Array): EngineBuffer {
  return Object.setPrototypeOf(bytes, EngineBuffer.prototype);
}

function encode(text: string, encoding: string = 'utf8'): Uint8Array {
  switch (encoding.toLowerCase()) {
    case 'utf8':
    case 'utf-8':
      return encodeUtf8(text);
    case 'latin1':
      return encodeLatin1(text);
    case 'base64':
    case 'base64url':
      return decodeBase64(text);
    default:
      throw new TypeError(`Unknown encoding: ${encoding}`);
  }
}

function decode(bytes: Uint8Array, encoding: string = 'utf8'): string {
  switch (encoding.toLowerCase()) {
    case 'utf8':
    case 'utf-8':
      return decodeUtf8(bytes);
    case 'latin1':
      return decodeLatin1(bytes);
    case 'utf16le':
      return decodeUtf16(bytes);
    case 'hex':
      return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    case 'base64':
      return btoa(decodeLatin1(bytes));
    case 'base64url':
      return btoa(decodeLatin1(bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
    default:
      throw new TypeError(`Unknown encoding: ${encoding}`);
  }
}

/** Reads base64 as Node does: both alphabets, up to a "=", ignoring other characters. */
function decodeBase64(text: string): Uint8Array {
  const [before = ''] = text.split('=', 1);
  const digits = before
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replaceAll(/[^A-Za-z0-9+/]/g, '');
  // A single digit is less than a byte.
  return encodeLatin1(atob(digits.length % 4 === 1 ? digits.slice(0, -1) : digits));
}

function decodeUtf16(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: string[] = [];
  for (let at = 0; at + 2 <= bytes.length; at += 2) parts.push(String.fromCharCode(view.getUint16(at, true)));
  return parts.join('');
}

/** The number of bytes at the end that begin an incomplete UTF-8 character. */
function incompleteTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

const nothing = new Uint8Array(0);

/** https://encoding.spec.whatwg.org/#interface-textdecoder, for UTF-8 and Latin-1. */
export class EngineTextDecoder {
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  #rest = nothing;
  #begun = false;

  constructor(encoding = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
    this.encoding = names[encoding.toLowerCase()] ?? encoding;
    this.fatal = fatal;
    this.ignoreBOM = ignoreBOM;
    if (!Object.values(names).includes(this.encoding)) {
      throw new RangeError(`The "${encoding}" encoding is not supported`);
    }
  }

  decode(bytes: Uint8Array = nothing, { stream = false } = {}): string {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const kept = stream && this.encoding === 'utf-8' ? incompleteTail(all) : 0;
    this.#rest = kept === 0 ? nothing : Uint8Array.from(all.subarray(all.length - kept));
    let text = this.#decode(kept === 0 ? all : all.subarray(0, all.length - kept));
    if (!this.#begun && !this.ignoreBOM && text.startsWith('\ufeff')) text = text.slice(1);
    this.#begun = stream && (this.#begun || all.length > kept);
    return text;
  }

  #decode(bytes: Uint8Array): string {
    if (this.encoding === 'windows-1252') return decodeLatin1(bytes);
    const text = decodeUtf8(bytes);
    if (this.fatal && isRepaired(text, bytes)) {
      throw Object.assign(new TypeError('The encoded data was not valid for encoding utf-8'), {
        code: 'ERR_ENCODING_INVALID_ENCODED_DATA',
      });
    }
    return text;
  }
}

const names: Readonly<Record<string, string>> = { 'utf-8': 'utf-8', utf8: 'utf-8', latin1: 'windows-1252' };

/** Whether invalid bytes became U+FFFD, which may also have been sent. */
function isRepaired(text: string, bytes: Uint8Array): boolean {
  // One character for each byte is ASCII, but for an invalid byte: U+FFFD takes three. Searching a text takes far longer.
  if (text.length === bytes.length) return encodeUtf8(text).length !== bytes.length;
  return text.includes('\ufffd') && text.split('\ufffd').length !== decodeLatin1(bytes).split('ï¿½').length;
}
