import { encodeLatin1 } from 'engine:bytes';

/** Reads hexadecimal text as Node does: up to the first invalid pair. */
export function decodeHex(text: string): Uint8Array {
  const bytes: number[] = [];
  for (let at = 0; at + 2 <= text.length; at += 2) {
    const pair = text.slice(at, at + 2);
    if (!/^[0-9a-f]{2}$/i.test(pair)) break;
    bytes.push(Number.parseInt(pair, 16));
  }
  return Uint8Array.from(bytes);
}

/** Reads base64 as Node does: both alphabets, up to a "=", ignoring other characters. */
export function decodeBase64(text: string): Uint8Array {
  const [before = ''] = text.split('=', 1);
  const digits = before
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replaceAll(/[^A-Za-z0-9+/]/g, '');
  // A single digit is less than a byte.
  return encodeLatin1(atob(digits.length % 4 === 1 ? digits.slice(0, -1) : digits));
}

export function decodeUtf16(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: string[] = [];
  for (let at = 0; at + 2 <= bytes.length; at += 2) parts.push(String.fromCharCode(view.getUint16(at, true)));
  return parts.join('');
}

/** The number of bytes at the end that begin an incomplete UTF-8 character. */
export function incompleteTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
