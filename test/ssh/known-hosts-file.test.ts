import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostKeyAlias } from '../../src/ssh/identity.js';
import { hasKnownKey, knownHostsFile, withoutNames } from '../../src/ssh/known-hosts-file.js';
import { missingPrograms } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const key = 'ssh-ed25519 AAAA';

describe('known hosts', () => {
  it.each([
    { line: `vmssh-1 ${key}`, is: true },
    { line: `VMSSH-1 ${key} comment`, is: true },
    { line: `other,vmssh-1 ${key}`, is: true },
    { line: `[vmssh-1]:2222 ${key}`, is: true },
    { line: `@cert-authority vmssh-1 ${key}`, is: true },
    { line: `vmssh-10 ${key}`, is: false },
    { line: `# vmssh-1 ${key}`, is: false },
    { line: `other vmssh-1 ${key}`, is: false },
    { line: '', is: false },
  ])('$line: $is', ({ line, is }) => {
    const text = `a ${key}\n${line}\n\nb ${key}\n`;
    const want = is ? { text: `a ${key}\n\nb ${key}\n`, removed: 1 } : { text, removed: 0 };
    expect(withoutNames(text, ['vmssh-1'])).toEqual(want);
  });

  it.skipIf(missingPrograms({ 'ssh-keygen': 'openssh-client' }))(
    'are found under hashed names too',
    async () => {
      const path = join(dir, 'hosts');
      writeFileSync(path, `vmssh-1 ${realKey()}\n`);
      spawnSync('ssh-keygen', ['-q', '-H', '-f', path]);
      expect(readFileSync(path, 'utf8')).toMatch(/^\|1\|/);
      expect(await hasKnownKey(path, 'vmssh-1')).toBe(true);
      expect(await hasKnownKey(path, 'vmssh-2')).toBe(false);
    },
  );

  it('are none where there is no file', async () => {
    expect(await hasKnownKey(join(dir, 'absent'), 'a')).toBe(false);
    expect(knownHostsFile({ HOME: '/home/u' })).toBe('/home/u/.ssh/vmssh_known_hosts');
  });
});

describe('the identity of a machine', () => {
  it.each([
    { input: '11111111-2222-4333-8444-55555555555A', want: 'vmssh-11111111-2222-4333-8444-55555555555a' },
    { input: '00000000-0000-0000-0000-000000000000', want: undefined },
    { input: 'x y', want: undefined },
    { input: undefined, want: undefined },
  ])('$input', ({ input, want }) => expect(hostKeyAlias({ uuid: input })).toBe(want));
});

function realKey(): string {
  const path = join(dir, 'key');
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
  return readFileSync(`${path}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
}
