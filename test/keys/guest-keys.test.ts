import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeGuestKeys } from '../../src/commands/guest/made-keys.js';
import { configText } from '../../src/hosts/text.js';
import { guestKeysFor, madeHostKey, namesOfGuest, trustIn } from '../../src/keys/guest-keys.js';
import { lacks } from '../helpers/programs.js';
import { useTempDir } from '../helpers/temp-dir.js';

const guest = { name: 'web', folder: '/g/web', alias: 'vmssh-guest-web', knownHosts: '/g/web/known_hosts' };

it('a machine with a known host key has no other', () => {
  const known = { hostKeyAlias: guest.alias, knownHosts: guest.knownHosts, onlyKnown: true };
  expect(trustIn({ ...guest, identityFile: undefined })).toEqual(known);
  const login = { identityFile: '/g/web/id', ownKeys: ['/h/.ssh/id_rsa'] };
  expect(trustIn({ ...guest, ...login })).toEqual({ ...known, ...login });
});

it('its names are those of each kind that has machines with names', () => {
  const names = ['qemu/web', 'qemu%web', 'qemu:*/web', 'qemu:*%web', 'lima/web', 'lima%web'];
  expect(namesOfGuest(guest)).toEqual(expect.arrayContaining(names));
  expect(namesOfGuest(guest).filter((name) => /^(vsock|via)\b/.test(name))).toEqual([]);
  expect(namesOfGuest({ name: 'w*b' })).toEqual([]);
});

it('it comes first in the lines, and one with a pattern for a name is left out', () => {
  const guests = [
    { ...guest, identityFile: '/g/web/id', ownKeys: ['/h/.ssh/id_rsa'] },
    { ...guest, name: 'w*b', identityFile: undefined },
  ];
  const text = configText({ program: ['vmssh'], fdpass: false, guests });
  const paragraphs = text.split('\n\n');
  expect(paragraphs[1]?.split('\n')).toEqual([
    '# web: "vmssh guest credentials" made its host key, and no other is accepted.',
    ...[`Host ${namesOfGuest(guest).join(' ')}`, '    HostKeyAlias vmssh-guest-web'],
    ...['    StrictHostKeyChecking yes', '    UserKnownHostsFile /g/web/known_hosts'],
    ...['    GlobalKnownHostsFile /dev/null', '    HashKnownHosts no', '    UpdateHostKeys no'],
    ...['    VerifyHostKeyDNS no', '    IdentityFile /g/web/id', '    IdentityFile /h/.ssh/id_rsa'],
  ]);
  expect(text).not.toContain('w*b');
});

const missing = lacks('ssh-keygen');

describe('the host key that was made for a machine', () => {
  const dir = useTempDir();

  it.skipIf(missing)('is found by its name and by a target with it, and by nothing else', async () => {
    const env = { HOME: dir, PATH: process.env.PATH };
    const { folder } = await makeGuestKeys('web', ['ssh-ed25519 AAAA me'], env);
    const [type, key] = readFileSync(join(folder, 'ssh_host_ed25519_key.pub'), 'utf8').split(' ');
    for (const host of ['web', 'qemu/web', 'qemu%web', 'machine/web']) {
      const made = guestKeysFor({ typed: host }, env);
      expect(made && madeHostKey(made)).toBe(`${type} ${key}`);
    }
    for (const host of ['', 'other', 'vsock/3', 'unix/tmp/web', 'qemu/other'])
      expect(guestKeysFor({ typed: host }, env)).toBeUndefined();
  });
});
