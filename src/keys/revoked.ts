import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inAskedFolder } from '../files/asked-folder.js';
import { readBytes } from '../files/read-file.js';
import { runProgram } from '../process/run-program.js';
import type { Env } from '../runtime.js';
import { stateFolder } from '../ssh/folder.js';
import type { ShownKey } from '../ssh/known-hosts.js';
import type { MachineKeys } from './machine-keys.js';
import { cannotTell } from './refusal.js';

/** The file of RevokedHostKeys that has the key: a list of keys, or a KRL, which ssh-keygen reads. Throws if it cannot be asked. */
export async function revokedIn(
  { revoked, reached: { text } }: MachineKeys,
  { type, key }: ShownKey,
  env: Env,
): Promise<string | undefined> {
  for (const path of revoked) {
    const bytes = await readBytes(path).catch((error) => {
      throw cannotTell(text, path, error.message);
    });
    const lines = bytes.toString('latin1');
    if (!lines.startsWith('SSHKRL\n\0')) {
      if (lines.split('\n').some((line) => !line.startsWith('#') && line.split(/[ \t\r]+/).includes(key)))
        return path;
      continue;
    }
    const { code, stderr } = await inAskedFolder(stateFolder(env), async (folder) => {
      await writeFile(join(folder, 'key'), `${type} ${key}\n`);
      const asked = ['ssh-keygen', '-Q', '-f', path, join(folder, 'key')];
      return runProgram(asked, { env, timeoutMs: 5000 });
    });
    if (code === 1) return path;
    if (code !== 0) throw cannotTell(text, path, stderr.trim() || 'ssh-keygen did not print it');
  }
  return undefined;
}
