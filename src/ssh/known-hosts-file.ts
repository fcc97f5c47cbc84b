import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isRoot } from '../files/place.js';
import { sshFolder } from './folder.js';

/**
 * Where the host keys of machines are kept. With another user's HOME (sudo -E), root keeps them in its own: ssh would follow
 * a link of that user's, and write as root to what it points to.
 */
export function knownHostsFile(
  env: Readonly<Record<string, string | undefined>>,
  asRoot: boolean = isRoot,
): string {
  const isOthers = asRoot && ownerOf(env.HOME || '/') !== 0;
  return join(sshFolder(isOthers ? { ...env, HOME: undefined } : env), 'vmssh_known_hosts');
}

function ownerOf(path: string): number {
  try {
    return statSync(path).uid;
  } catch {
    return 0;
  }
}
