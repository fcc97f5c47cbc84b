import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The text of a `.pub` file that ssh-keygen makes in a folder, and what is left of it without its comment. */
export function madeKey(
  dir: string,
  type: 'ed25519' | 'ecdsa' | 'rsa',
  name: string = type,
): { readonly text: string; readonly key: string } {
  const path = join(dir, `${name}-key`);
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', `root@${name}`, '-f', path]);
  const text = readFileSync(`${path}.pub`, 'utf8');
  return { text, key: text.split(' ', 2).join(' ') };
}
