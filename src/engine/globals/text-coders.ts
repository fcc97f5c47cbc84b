import { decodeLatin1, decodeUtf8, encodeUtf8 } from 'engine:bytes';
import { decodeUtf16, incompleteTail } from './encodings.js';

/** https://encoding.spec.whatwg.org/#interface-textencoder */
export class EngineTextEncoder {
  readonly encoding = 'utf-8';

  encode(text = ''): Uint8Array {
    return encodeUtf8(text);
  }
}

const nothing = new Uint8Array(0);

/** https://encoding.spec.whatwg.org/#interface-textdecoder, for UTF-8, UTF-16 and Latin-1. */
export class EngineTextDecoder {
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  /** The bytes of an incomplete character. */
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
    const kept = stream ? this.#incomplete(all) : 0;
    this.#rest = kept === 0 ? nothing : Uint8Array.from(all.subarray(all.length - kept));
    let text = this.#decode(kept === 0 ? all : all.subarray(0, all.length - kept));
    if (!this.#begun && !this.ignoreBOM && text.startsWith('\ufeff')) text = text.slice(1);
    this.#begun = stream && (this.#begun || all.length > kept);
    return text;
  }

  #incomplete(bytes: Uint8Array): number {
    if (this.encoding === 'utf-8') return incompleteTail(bytes);
    return this.encoding === 'utf-16le' ? bytes.length % 2 : 0;
  }

  #decode(bytes: Uint8Array): string {
    if (this.encoding === 'utf-16le') return wellFormed(decodeUtf16(bytes));
    if (this.encoding === 'windows-1252') return decodeLatin1(bytes);
    const text = decodeUtf8(bytes);
    if (this.fatal && isMended(text, bytes)) {
      throw Object.assign(new TypeError('The encoded data was not valid for encoding utf-8'), {
        code: 'ERR_ENCODING_INVALID_ENCODED_DATA',
      });
    }
    return text;
  }
}

const names: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'utf-16le': 'utf-16le',
  latin1: 'windows-1252',
};

/** Half a surrogate pair becomes U+FFFD. */
function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}

/** Whether invalid bytes became U+FFFD, which may also have been sent. */
function isMended(text: string, bytes: Uint8Array): boolean {
  // One character for each byte is ASCII, but for an invalid byte: U+FFFD takes three. Searching a text takes far longer.
  if (text.length === bytes.length) return encodeUtf8(text).length !== bytes.length;
  return text.includes('\ufffd') && text.split('\ufffd').length !== decodeLatin1(bytes).split('ï¿½').length;
}
