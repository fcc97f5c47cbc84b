import { createHash } from 'node:crypto';

/** A public key blob's fingerprint in the form of ssh-keygen -l: "SHA256:" and base64 without padding. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
