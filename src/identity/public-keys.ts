/** Public keys that a machine may have, of all its files together, and the most characters of these. */
export const maxKeys = 16;
export const maxKeyText = 16 << 10;

/**
 * The host keys in the texts of a machine's `.pub` files, "ssh-ed25519 AAAA…" each, once, without comments. The texts are what the
 * machine's root likes: a line that is no such key is dropped, and so is what comes after 16 lines or 16 kB.
 */
export function publicKeys(texts: readonly string[]): readonly string[] {
  const lines = texts
    .join('\n')
    .slice(0, maxKeyText)
    .split('\n', maxKeys * 2)
    .filter(isText)
    .slice(0, maxKeys);
  return [...new Set(lines.flatMap((line) => publicKey(line) ?? []))];
}

function isText(line: string): boolean {
  return line.trim() !== '';
}

/** What sshd can prove to a client that it has: neither a certificate nor DSA. */
const types: ReadonlySet<string> = new Set([
  'ssh-ed25519',
  ...['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  'ssh-rsa',
  'ssh-mldsa44-ed25519@openssh.com',
  ...['sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'],
]);

function publicKey(line: string): string | undefined {
  const [, type = '', base64 = ''] = /^(\S+) ([A-Za-z0-9+/]+={0,2})(?:\s|$)/.exec(line) ?? [];
  if (!types.has(type)) return undefined;
  const blob = Buffer.from(base64, 'base64');
  // Another spelling of the same bytes would not be equal to what ssh prints.
  if (blob.toString('base64') !== base64) return undefined;
  const parts = partsOf(blob);
  return parts !== undefined && parts.length > 1 && parts[0]?.toString('latin1') === type
    ? `${type} ${base64}`
    : undefined;
}

/** The strings of which a public key is made (RFC 4253, 6.6; RFC 4251, 5); undefined if anything is left. */
function partsOf(blob: Buffer): readonly Buffer[] | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + 4 <= blob.length) {
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return undefined;
    parts.push(blob.subarray(at + 4, end));
    at = end;
  }
  return at === blob.length ? parts : undefined;
}
