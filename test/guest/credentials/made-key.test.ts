import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeGuestKeys } from '../../../src/guest/credentials/keys.js';
import { madeKeyOf } from '../../../src/guest/credentials/made-key.js';
import { missingPrograms } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const missing = missingPrograms({ 'ssh-keygen': 'openssh-client' });

describe('the host key that was made for a machine', () => {
  const dir = useTempDir();

  it.skipIf(missing)('is found by its name and by a target with it, and by nothing else', async () => {
    const env = { HOME: dir, PATH: process.env.PATH };
    const { folder } = await makeGuestKeys('web', ['ssh-ed25519 AAAA me'], env);
    const [type, key] = readFileSync(join(folder, 'ssh_host_ed25519_key.pub'), 'utf8').split(' ');
    for (const host of ['web', 'qemu/web', 'qemu%web', 'machine/web'])
      expect(madeKeyOf(host, env)).toBe(`${type} ${key}`);
    for (const host of ['', 'other', 'vsock/3', 'unix/tmp/web', 'qemu/other'])
      expect(madeKeyOf(host, env)).toBeUndefined();
  });
});
