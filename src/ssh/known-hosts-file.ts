import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { readText } from '../read-file.js';
import { sshFolder } from './folder.js';

/** Where the host keys of machines are kept. */
export function knownHostsFile(env: Readonly<Record<string, string | undefined>>): string {
  return join(sshFolder(env), 'vmssh_known_hosts');
}

/** Whether a key is known by that name. */
export async function hasKnownKey(path: string, name: string): Promise<boolean> {
  const text = await readText(path).catch(() => '');
  return text.split('\n').some((line) => isOf(line, name));
}

/** The text of a known_hosts file without the lines of these names, and how many there were. */
export function withoutNames(
  text: string,
  names: readonly string[],
): { readonly text: string; readonly removed: number } {
  const lines = text.split('\n');
  const kept = lines.filter((line) => !names.some((name) => isOf(line, name)));
  return { text: kept.join('\n'), removed: lines.length - kept.length };
}

// "name,[name]:port KEYTYPE KEY", a hashed name, or with a marker in front (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
function isOf(line: string, name: string): boolean {
  const [first = '', second = ''] = line.trim().split(/\s+/);
  const hosts = first.startsWith('@') ? second : first;
  if (first === '' || first.startsWith('#')) return false;
  return hosts.split(',').some((host) => isHost(host, name));
}

function isHost(host: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|(.+)$/.exec(host);
  if (hashed) {
    const [, salt = '', hash] = hashed;
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  const plain = /^\[(.*)\]:\d+$/.exec(host)?.[1] ?? host;
  return plain.toLowerCase() === name.toLowerCase();
}
