import { isFor, linesWithKey, nameBytes, plainName, type ShownKey } from './known-hosts.js';

/** A host certificate of OpenSSH (PROTOCOL.certkeys), whose signature ssh has checked already as it read it. */
export interface Certificate {
  /** The key that is certified. */
  readonly plain: ShownKey;
  /** The CA's public key, in base64. */
  readonly ca: string;
  readonly isHost: boolean;
  /** The names that it is for; none: any. */
  readonly principals: readonly string[];
  /** Seconds since 1970, at most 2^53. */
  readonly after: number;
  readonly before: number;
  /** Whether it has critical options: none is defined for a host. */
  readonly isLimited: boolean;
  /** The algorithm of its signature: "ssh-rsa" is SHA-1. */
  readonly signature: string;
}

const suffix = '-cert-v01@openssh.com';

/** How many numbers and texts the public part of a key has, by its type. */
const parts: Readonly<Record<string, number>> = {
  'ssh-ed25519': 1,
  'ssh-rsa': 2,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
};

/** The first line of a public file, or of an agent, that has a certificate; undefined: none has. */
export function certificateLine(text: string): ShownKey | undefined {
  const [, type, key] = /^(\S+-cert-v01@openssh\.com) (\S+)/m.exec(text) ?? [];
  return type === undefined || key === undefined ? undefined : { type, key };
}

/** The certificate in a shown key; undefined if it is none, or not of a type that is known here. */
export function certificateIn({ type, key }: ShownKey): Certificate | undefined {
  if (!type.endsWith(suffix)) return undefined;
  const plainType = type.slice(0, -suffix.length);
  const count = parts[plainType];
  if (count === undefined) return undefined;
  try {
    return parse(new KeyReader(Buffer.from(key, 'base64')), plainType, count);
  } catch {
    return undefined;
  }
}

function parse(blob: KeyReader, type: string, count: number): Certificate {
  blob.text();
  blob.text(); // a nonce
  const own = Array.from({ length: count }, () => blob.text());
  blob.number(8); // its serial number
  const kind = blob.number(4);
  blob.text(); // its id
  const names = new KeyReader(blob.text());
  const principals: string[] = [];
  while (!names.isAtEnd) principals.push(names.text().toString('latin1'));
  const [after, before] = [blob.number(8), blob.number(8)];
  const isLimited = blob.text().length > 0;
  blob.text(); // extensions
  blob.text(); // reserved
  const ca = blob.text().toString('base64');
  const signature = new KeyReader(blob.text()).text().toString('latin1');
  const key = Buffer.concat([Buffer.from(type), ...own].flatMap(withLength)).toString('base64');
  return { plain: { type, key }, ca, isHost: kind === 2, principals, after, before, isLimited, signature };
}

function withLength(bytes: Buffer): readonly Buffer[] {
  const { length } = bytes;
  return [Buffer.from([24, 16, 8, 0].map((shift) => (length >>> shift) & 0xff)), bytes];
}

/** Reads the numbers and strings of a key, one after the other (RFC 4251, 5). Throws a RangeError where they are cut. */
export class KeyReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  number(size: 4 | 8): number {
    const high = size === 8 ? this.#bytes.readUInt32BE(this.#at) : 0;
    const low = this.#bytes.readUInt32BE(this.#at + size - 4);
    this.#at += size;
    return high * 2 ** 32 + low;
  }

  text(): Buffer {
    const length = this.number(4);
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('it is cut');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }
}

/** The CAs for the name that ssh looks up, by ssh's own matching, as lines without names: "ssh-ed25519 AAAA…". */
export function authoritiesFor(host: string, files: readonly Buffer[]): readonly string[] {
  const name = nameBytes(host);
  const lines = files
    .filter((bytes) => bytes.toString('latin1').includes('@cert-authority'))
    .flatMap(linesWithKey)
    .filter(({ marker, hosts }) => marker === '@cert-authority' && isFor(name, hosts));
  return [...new Set(lines.map(({ type, key }) => `${type} ${key}`))];
}

/** Since when a certificate is over, as "2026-01-31 08:00 UTC"; undefined: it is not. */
export function overSince({ before }: Certificate, now: number = Date.now() / 1000): string | undefined {
  if (now < before) return undefined;
  return new Date(before * 1000).toISOString().replace(/T(.*):.*/, ' $1 UTC');
}

/** Whether it says now that the key is that of a host with this name; ssh checks the rest of it. */
export function isValidFor(
  { isHost, isLimited, principals, after, before, signature }: Certificate,
  host: string,
  now: number = Date.now() / 1000,
): boolean {
  const name = plainName(host);
  // As ssh compares them.
  const isMeant = principals.includes(name);
  // No ssh takes SHA-1 by default.
  return isHost && !isLimited && isMeant && after <= now && now < before && signature !== 'ssh-rsa';
}
