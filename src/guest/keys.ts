import { readTextSync } from '../files/read-file.js';

/** The lines of a public key file. Throws a RangeError that says what is wrong with it, and never quotes a private key. */
export function readKeys(
  path: string,
  read: (path: string) => string = (p) => readTextSync(p, 1 << 20, true),
): readonly string[] {
  let text: string;
  try {
    text = read(path);
  } catch (error) {
    throw new RangeError(`the key file ${JSON.stringify(path)} cannot be read: ${(error as Error).message}`);
  }
  if (text.includes('PRIVATE KEY')) {
    throw new RangeError(
      `${JSON.stringify(path)} is a private key: give the public one, ${JSON.stringify(`${path}.pub`)}`,
    );
  }
  // Editors on Windows mark UTF-8, and sshd would not know a key after the mark.
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  const keys = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const strange = keys.find(
    (key) => !looksLikeKey.test(key) || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(key.replaceAll('\t', ' ')),
  );
  if (keys.length === 0 || strange !== undefined) {
    throw new RangeError(
      `${JSON.stringify(path)} has no public keys, one per line, as ssh-keygen writes them`,
    );
  }
  return keys;
}

/** Options may come before the type: see authorized_keys in sshd(8). */
const looksLikeKey = /(^|[ \t])(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/]{20,}={0,2}([ \t]|$)/;
