import { join } from 'node:path';
import { sshFolder } from './folder.js';

/** Where the host keys of machines are kept. */
export function knownHostsFile(env: Readonly<Record<string, string | undefined>>): string {
  return join(sshFolder(env), 'vmssh_known_hosts');
}
