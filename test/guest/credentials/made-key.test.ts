import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { madeKeyOf } from '../../../src/guest/credentials/made-key.js';
import { makeGuestKeys } from '../../../src/guest/credentials/make.js';
import { useTempDir } from '../../helpers/temp-dir.js';

describe('the host key that was made for a machine', () => {
  const dir = useTempDir();

  it('is found by its name and by a target with it, and by nothing else', async () => {
    const env = { HOME: dir, PATH: process.env.PATH };
    const { folder } = await makeGuestKeys('web', ['ssh-ed25519 AAAA me'], env);
    const [type, key] = readFileSync(join(folder, 'ssh_host_ed25519_key.pub'), 'utf8').split(' ');
    for (const host of ['web', 'qemu/web', 'qemu%web', 'machine/web'])
      expect(madeKeyOf(host, env)).toBe(`${type} ${key}`);
    for (const host of ['', 'other', 'vsock/3', 'unix/tmp/web', 'qemu/other'])
      expect(madeKeyOf(host, env)).toBeUndefined();
  });
});
