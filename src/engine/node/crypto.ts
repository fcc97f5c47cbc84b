import { hmacSha1, sha256 } from 'engine:bytes';
import { randomBytes as systemRandom } from 'engine:system';
import { toBuffer } from '../bytes.js';

export interface Digester {
  update(data: string | Uint8Array): Digester;
  digest(): Buffer;
  digest(encoding: BufferEncoding): string;
}

export function createHash(_algorithm: 'sha256'): Digester {
  return digester(sha256);
}

export function createHmac(_algorithm: 'sha1', key: string | Uint8Array): Digester {
  return digester((data) => hmacSha1(toBytes(key), data));
}

export function randomBytes(count: number): Buffer {
  return asBuffer(systemRandom(count));
}

type KeyCallback = (error: Error | null, publicKey: unknown, privateKey: PrivateKey) => void;

interface PrivateKey {
  export(options: { readonly format: 'jwk' }): { readonly d: string; readonly x: string };
}

/** What it needs is loaded here: no login by a machine's own sshd does. */
export function generateKeyPair(_type: 'ed25519', _options: object, callback: KeyCallback): void {
  Promise.all([import('@noble/ed25519'), import('@noble/hashes/sha2.js')]).then(
    ([{ getPublicKey, hashes }, { sha512 }]) => {
      hashes.sha512 = sha512;
      const seed = randomBytes(32);
      const d = seed.toString('base64url');
      const x = asBuffer(getPublicKey(seed)).toString('base64url');
      callback(null, undefined, { export: () => ({ d, x }) });
    },
  );
}

function digester(of: (data: Uint8Array) => Uint8Array): Digester {
  const parts: Uint8Array[] = [];
  function digest(): Buffer;
  function digest(encoding: BufferEncoding): string;
  function digest(encoding?: BufferEncoding): Buffer | string {
    const bytes = asBuffer(of(Buffer.concat(parts)));
    return encoding === undefined ? bytes : bytes.toString(encoding);
  }
  const self: Digester = {
    update(data) {
      parts.push(toBytes(data));
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
