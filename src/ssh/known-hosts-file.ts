import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRoot } from '../files/place.js';
import { sshFolder } from './folder.js';

/**
 * The file of machines' host keys. With another user's HOME (sudo -E) it is in root's own: ssh would follow a link of that
 * user, and write to its target as root.
 */
export function knownHostsFile(
  env: Readonly<Record<string, string | undefined>>,
  asRoot: boolean = isRoot,
): string {
  const isOthers = asRoot && ownerOf(env.HOME || '/') !== 0;
  return join(sshFolder(isOthers ? { ...env, HOME: undefined } : env), 'vmssh_known_hosts');
}

/** What `config install` has decided and found, beside the host keys: not another user's file either. */
export function writtenStateFile(env: Readonly<Record<string, string | undefined>>): string {
  return join(dirname(knownHostsFile(env)), 'vmssh.json');
}

function ownerOf(path: string): number {
  try {
    return statSync(path).uid;
  } catch {
    return 0;
  }
}
