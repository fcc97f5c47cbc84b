import { readWithStats } from '../../files/read-file.js';
import { type HostKeyPolicy, policyOf } from '../../identity/policy.js';

/** Of `config install --system --host-keys`: one word, for every user of this host. */
export const systemPolicyFile = '/etc/vmssh/host-keys';

/** The least that counts for every command and user of this host; undefined: nobody said. Anything but a word by root alone is strict. */
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
