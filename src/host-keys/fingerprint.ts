import { createHash } from 'node:crypto';

/** Of a public key's blob, as ssh-keygen -l prints it: "SHA256:" and base64 without padding. */
export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}
