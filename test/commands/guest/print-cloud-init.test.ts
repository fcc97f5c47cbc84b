import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { guestPrint } from '../../../src/commands/guest/print.js';
import { setupScript } from '../../../src/guest/script.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { call, raw } from './call.js';

const dir = useTempDir();
const as = 'cloud-init';
const key = `ssh-ed25519 ${'A'.repeat(68)} it's "me"`;
beforeAll(() => writeFileSync(join(dir, 'k.pub'), `${key}\n`));

describe('guest print --as cloud-init', () => {
  it('contains the whole script', async () => {
    const { out } = await call(guestPrint, raw({ as, key: join(dir, 'k.pub') }));
    const [, content = '', after] =
      /\n {4}content: \|\n([\s\S]*)(?=runcmd:)(runcmd:[\s\S]*)$/.exec(out) ?? [];
    expect(content.replaceAll(/^ {6}/gm, '')).toBe(setupScript({ port: 22, keys: [key] }));
    expect(content.split('\n').every((line) => line === '' || line.startsWith('      '))).toBe(true);
    expect(after).toBe('runcmd:\n  - [sh, /run/vmssh-guest-setup.sh]\n');
    expect(out).toContain(`ssh_authorized_keys:\n  - ${JSON.stringify(key)}\n`);
  });

  it('gives the keys of a named account neither to root nor to the default user', async () => {
    const { out } = await call(guestPrint, raw({ as, key: join(dir, 'k.pub'), account: 'ann' }));
    expect(out).not.toContain('ssh_authorized_keys');
    expect(out).toContain("account='ann'");
  });
});
