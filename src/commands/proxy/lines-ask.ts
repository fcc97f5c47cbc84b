import { existsSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Env } from '../../runtime.js';

/** Whether ssh may ask vmssh for a host key without --record: older lines do not say it, nor does a ProxyCommand of the user's own. Lines that cannot be read may. */
export function linesAskForKeys({ HOME = '' }: Env): boolean {
  // After `sudo -E` HOME is another user's. No account is looked up: each login waits for this.
  if (!isAbsolute(HOME) || !isOwnFolder(HOME)) return true;
  const system = ['10', '30'].map((order) => `/etc/ssh/ssh_config.d/${order}-vmssh.conf`);
  return [`${HOME}/.ssh/vmssh.conf`, `${HOME}/.ssh/config`, ...system].some(mayAsk);
}

function isOwnFolder(path: string): boolean {
  try {
    return statSync(path).uid === process.getuid?.();
  } catch {
    return false;
  }
}

/** `existsSync` says no of what may not be read, too: then ssh does not read it either. */
function mayAsk(path: string): boolean {
  try {
    return existsSync(path) && readFileSync(path, 'utf8').includes(' host-key ');
  } catch {
    return true;
  }
}
