import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readTextIfAny } from '../files/read-sync.js';
import { KeyReader } from '../ssh/certificate.js';
import { shellQuoted } from '../typed/shell.js';
import { publicLine } from './agent.js';

/** What is wrong with a key's file on this host: one clause, and what to type. */
export interface KeyFileTrouble {
  readonly problem: string;
  readonly fix: string;
}

/** Why ssh cannot load a private key, by what its file has; undefined: that shows nothing. */
export function whyNotLoaded(path: string): KeyFileTrouble | undefined {
  const text = readTextIfAny(path);
  const file = shellQuoted(path);
  if (text.startsWith('PuTTY-User-Key-File-'))
    return {
      problem: 'it is a key of PuTTY',
      fix: `puttygen ${file} -O private-openssh -o ${file}.new && mv -i ${file}.new ${file}`,
    };
  if (/^(?:ssh|ecdsa|sk)-\S+ AAAA/.test(text))
    return {
      problem: 'it is a public key',
      fix: `put the private key there, from where it was made: ${file}`,
    };
  if (text.includes('\r\n'))
    return { problem: 'its lines end as on Windows', fix: `sed -i 's/\\r$//' ${file}` };
  if (/-----END [A-Z ]+-----$/.test(text))
    return { problem: 'its last line has no end', fix: `echo >> ${file}` };
  return undefined;
}

/** Where the public key beside a private one is another's: ssh shows that, and the private one does not fit. */
export function otherPublic(path: string): KeyFileTrouble | undefined {
  const own = publicPart(readTextIfAny(path))?.line;
  const beside = blobOf(readTextIfAny(`${path}.pub`));
  if (own === undefined || beside === undefined || blobOf(own) === beside) return undefined;
  const fix = `ssh-keygen -y -f ${shellQuoted(path)} > ${shellQuoted(`${path}.pub`)}`;
  return { problem: `${path}.pub is not the public key of ${path}, and ssh shows that one`, fix };
}

/** The private keys in a folder that ssh does not try: those with a public one beside them. */
export function keysBeside(folder: string, tried: readonly string[]): readonly string[] {
  const names = existsSync(folder) ? readdirSync(folder).toSorted() : [];
  const paths = names.flatMap((name) =>
    name.endsWith('.pub') ? [join(folder, name.slice(0, -'.pub'.length))] : [],
  );
  return paths.filter((path) => existsSync(path) && !tried.includes(path));
}

/** What a private key in OpenSSH's form shows of itself (its PROTOCOL.key); undefined for another form. */
export function publicPart(text: string): { line: string; asks: boolean } | undefined {
  const [, base64 = ''] = /-----BEGIN OPENSSH PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END/.exec(text) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  const magic = 'openssh-key-v1\0';
  if (bytes.toString('latin1', 0, magic.length) !== magic) return undefined;
  const reader = new KeyReader(bytes.subarray(magic.length));
  try {
    // Its cipher; how a passphrase becomes a key, with options; how many keys; the first.
    const [cipher] = [reader.text().toString('latin1'), reader.text(), reader.text(), reader.number(4)];
    const line = publicLine(reader.text());
    return line === undefined ? undefined : { line, asks: cipher !== 'none' };
  } catch {
    return undefined;
  }
}

/** The key's own bytes in a line: what follows is a comment. */
export function blobOf(line: string): string | undefined {
  return /(?:^|\s)(AAAA[A-Za-z0-9+/]+={0,2})/.exec(line)?.[1];
}
