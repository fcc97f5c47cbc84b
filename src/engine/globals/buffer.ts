import { decodeLatin1, decodeUtf8, encodeLatin1, encodeUtf8 } from 'engine:bytes';
import { decodeBase64, decodeHex, decodeUtf16 } from './encodings.js';

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

  static alloc(size: number, fill = 0): EngineBuffer {
    const bytes = new Uint8Array(size);
    return toBuffer(fill === 0 ? bytes : bytes.fill(fill));
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

  static concat(
    list: readonly Uint8Array[],
    length = list.reduce((sum, each) => sum + each.length, 0),
  ): EngineBuffer {
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
    case 'binary':
      return encodeLatin1(text);
    case 'hex':
      return decodeHex(text);
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
    case 'binary':
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
