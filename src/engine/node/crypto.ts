import { randomBytes as systemRandom } from 'engine:system';
import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { toBuffer } from '../globals/buffer.js';

const hashes = { sha1, sha256 } as const;

export type Algorithm = keyof typeof hashes;

/** A hash or a keyed hash. */
export interface Digester {
  update(data: string | Uint8Array): Digester;
  digest(): Buffer;
  digest(encoding: BufferEncoding): string;
}

export function createHash(algorithm: Algorithm): Digester {
  return digester(hashes[algorithm].create());
}

export function createHmac(algorithm: Algorithm, key: string | Uint8Array): Digester {
  return digester(hmac.create(hashes[algorithm], toBytes(key)));
}

export function randomBytes(count: number): Buffer {
  return asBuffer(systemRandom(count));
}

/** Throws if their lengths differ. */
export function timingSafeEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) {
    throw Object.assign(new RangeError('Input buffers must have the same byte length'), {
      code: 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH',
    });
  }
  let difference = 0;
  for (const [index, byte] of one.entries()) difference |= byte ^ (other[index] ?? 0);
  return difference === 0;
}

function digester(hash: { update(data: Uint8Array): unknown; digest(): Uint8Array }): Digester {
  function digest(): Buffer;
  function digest(encoding: BufferEncoding): string;
  function digest(encoding?: BufferEncoding): Buffer | string {
    const bytes = asBuffer(hash.digest());
    return encoding === undefined ? bytes : bytes.toString(encoding);
  }
  const self: Digester = {
    update(data) {
      hash.update(toBytes(data));
      return self;
    },
    digest,
  };
  return self;
}

function toBytes(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data) : data;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return toBuffer(bytes) as unknown as Buffer;
}
