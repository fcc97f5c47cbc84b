import { join } from 'node:path';
import { readWithStats } from '../../files/read-file.js';
import { type HostKeyPolicy, policyOf } from '../../identity/policy.js';

/** What `config install --system --host-keys` writes: one word. `etc`: the folder of the system's settings. */
export const policyFileIn = (etc: string): string => join(etc, 'vmssh/host-keys');

export const systemPolicyFile = policyFileIn('/etc');

/** The least strict policy that any user of this host may have; undefined: none is set. A file that others can write, or with anything but one policy, means strict. */
export async function systemPolicy(
  platform: NodeJS.Platform,
  path: string = systemPolicyFile,
  root = 0,
): Promise<HostKeyPolicy | undefined> {
  if (platform === 'win32') return undefined;
  try {
    const { bytes, stats } = await readWithStats(path, 100);
    const isRoots = stats.uid === root && (stats.mode & 0o022) === 0;
    return (isRoots ? policyOf(bytes.toString().trim()) : undefined) ?? 'strict';
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '') ? undefined : 'strict';
  }
}
