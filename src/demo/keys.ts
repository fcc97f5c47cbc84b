import { createHash, timingSafeEqual } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';

export interface Keys {
  /** An OpenSSH private key, as in a file. */
  readonly private: string;
  readonly public: ParsedKey;
}

/**
 * New Ed25519 keys. ssh2 1.17 strips the zero byte that one public key in 256 begins with, and so writes an unreadable
 * key: those are discarded.
 */
export function freshKeys(generate: () => { private: string } = ed25519): Keys {
  for (;;) {
    const { private: text } = generate();
    const parsed = ssh2.utils.parseKey(text);
    if (!(parsed instanceof Error)) return { private: text, public: parsed };
  }
}

function ed25519(): { private: string } {
  return ssh2.utils.generateKeyPairSync('ed25519');
}

/** In the form of ssh-keygen -l. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** Whether a client's blob is this public key. */
export function isKey(blob: Buffer, key: ParsedKey): boolean {
  const own = key.getPublicSSH();
  return own.length === blob.length && timingSafeEqual(own, blob);
}
