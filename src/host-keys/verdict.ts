import { fingerprintOf } from './fingerprint.js';
import { isFor, type KeyLine, linesOf, nameBytes, parseLine } from './lines.js';

/** ssh's verdict on a server's key. */
export type Verdict = 'new' | 'known' | 'changed' | 'revoked';

/** ssh's verdict on a host's key, given by fingerprint, from the bytes of a known_hosts file. */
export function verdictOn(fingerprint: string, name: string, bytes: Buffer): Verdict {
  const lines = linesFor(name, bytes);
  const isSame = (line: KeyLine) => fingerprintOf(Buffer.from(line.key, 'base64')) === fingerprint;
  if (lines.some((line) => line.marker === '@revoked' && isSame(line))) return 'revoked';
  const plain = lines.filter(({ marker }) => marker === undefined);
  if (plain.length === 0) return 'new';
  return plain.some(isSame) ? 'known' : 'changed';
}

/** The types of a host's known keys: ssh asks the server for one of them. */
export function knownTypes(name: string, bytes: Buffer): readonly string[] {
  return linesFor(name, bytes).flatMap(({ marker, type }) => (marker === undefined ? [type] : []));
}

function linesFor(name: string, bytes: Buffer): readonly KeyLine[] {
  const host = nameBytes(name);
  return linesOf(bytes)
    .flatMap((line) => parseLine(line) ?? [])
    .filter(({ hosts }) => isFor(host, hosts));
}
