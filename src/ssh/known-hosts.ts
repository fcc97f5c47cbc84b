import { createHash, createHmac } from 'node:crypto';
import { matchesPattern } from '../typed/names.js';

/** A host's public key. `type`: "ssh-ed25519" and the like; `key`: in base64. */
export interface ShownKey {
  readonly type: string;
  readonly key: string;
}

/** A known_hosts line with a key (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). Each character of its texts is one byte. */
export interface KeyLine extends ShownKey {
  readonly marker: string | undefined;
  /** The list of names as written, and its position in the line. */
  readonly hosts: string;
  readonly at: number;
}

/** The lines of a file with their newlines, one character per byte, so that kept lines do not change. */
export function linesOf(bytes: Buffer): readonly string[] {
  const lines = bytes.toString('latin1').split('\n');
  const last = lines.pop() ?? '';
  const whole = lines.map((line) => `${line}\n`);
  return last === '' ? whole : [...whole, last];
}

/** Undefined for a comment, an empty or an invalid line. */
export function parseLine(line: string): KeyLine | undefined {
  const [start, marker, hosts, type, key] =
    /^[ \t]*(?:(@[^ \t\r\n]+)[ \t]+)?(?=([^ \t\r\n#@][^ \t\r\n]*)[ \t]+([^ \t\r\n]+)[ \t]+([^ \t\r\n]+))/.exec(
      line,
    ) ?? [];
  if (start === undefined || !hosts || !type || !key) return undefined;
  return { marker, hosts, at: start.length, type, key };
}

export function linesWithKey(bytes: Buffer): readonly KeyLine[] {
  return linesOf(bytes).flatMap((line) => parseLine(line) ?? []);
}

/** A name for the other functions: known_hosts ignores the case of ASCII letters. */
export function nameBytes(name: string): string {
  return folded(Buffer.from(name).toString('latin1'));
}

/** Whether ssh matches a list of names to a host: it may have patterns, and those with "!" exclude. */
export function isFor(name: string, hosts: string): boolean {
  if (hosts.startsWith('|')) return isHashOf(name, hosts);
  const patterns = folded(hosts).split(',');
  return !excludes(hosts, name) && patterns.some((each) => matchesPattern(name, each));
}

function excludes(hosts: string, name: string): boolean {
  const patterns = folded(hosts).split(',');
  return patterns.some((each) => each.startsWith('!') && matchesPattern(name, each.slice(1)));
}

/** Whether an entry of such a list is exactly this name, with any port. */
export function isEntryOf(name: string, entry: string): boolean {
  if (entry.startsWith('|')) return isHashOf(name, entry);
  return plainName(entry) === name;
}

/** The name in an entry, without the port. */
export function plainName(entry: string): string {
  const plain = folded(entry);
  return /^\[(.*)\]:\d+$/.exec(plain)?.[1] ?? plain;
}

/** Whether a hashed entry is that name's. */
export function isHashOf(name: string, hashed: string): boolean {
  const [, salt = '', hash] = /^\|1\|([^|]+)\|(.+)$/.exec(hashed) ?? [];
  const mac = createHmac('sha1', Buffer.from(salt, 'base64')).update(Buffer.from(name, 'latin1'));
  return mac.digest('base64') === hash;
}

/** In lower case, as far as known_hosts ignores it. */
export function folded(text: string): string {
  if (text.toLowerCase() === text) return text;
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

export type FiledVerdict = 'new' | 'known' | 'changed' | 'revoked';

/** ssh's verdict on a host's key, given by fingerprint, from the bytes of a known_hosts file. */
export function filedVerdict(fingerprint: string, name: string, bytes: Buffer): FiledVerdict {
  const host = nameBytes(name);
  const lines = linesWithKey(bytes).filter(({ hosts }) => isFor(host, hosts));
  const isSame = (line: KeyLine) => fingerprintOf(Buffer.from(line.key, 'base64')) === fingerprint;
  if (lines.some((line) => line.marker === '@revoked' && isSame(line))) return 'revoked';
  const plain = lines.filter(({ marker }) => marker === undefined);
  if (plain.length === 0) return 'new';
  return plain.some(isSame) ? 'known' : 'changed';
}

/** The type of a public key blob, its first string (RFC 4253 section 6.6). */
export function keyTypeOf(blob: Buffer): string {
  return blob.length < 4 ? '' : blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
}

/** A public key blob's fingerprint in the form of ssh-keygen -l: "SHA256:" and base64 without padding. */
export function fingerprintOf(blob: Buffer): string {
  // 32 bytes have one "=".
  return `SHA256:${createHash('sha256').update(blob).digest('base64').slice(0, -1)}`;
}
