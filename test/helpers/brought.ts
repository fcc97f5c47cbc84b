import { existsSync } from 'node:fs';
import { skip } from './skips.js';

/** Why no sshd can be brought into a machine, with the remedy; undefined if one can. */
export function missingBrought(): string | undefined {
  const isBuilt = existsSync(`dist/sshd/linux-${process.arch}/sshd`);
  return isBuilt ? undefined : skip('the sshd for --bring-sshd is not built: npm run build:sshd');
}
