import { describe, expect, it } from 'vitest';
import { readKeys } from '../../src/cli/guest.js';

describe('a key file', () => {
  const key = `ssh-ed25519 ${'A'.repeat(68)} me`;
  // As long as that of ssh-keygen 10.6: 1,344 bytes of key.
  const postQuantum = `ssh-mldsa44-ed25519 AAAAE3NzaC1tbGRzYTQ0LWVkMjU1MTkAAAVA${'b'.repeat(1792)} me`;
  it.each([
    { name: 'one key', text: `${key}\n`, want: [key] },
    {
      name: 'two keys with Windows ends and a remark',
      text: `# mine\r\n${key}\r\nrestrict ${key}\r\n`,
      want: [key, `restrict ${key}`],
    },
    {
      name: 'the mark of UTF-8 that editors on Windows write',
      text: `\ufeff# mine\r\n${key}\r\n`,
      want: [key],
    },
    {
      name: 'ML-DSA of OpenSSH 10.6 beside an older one',
      text: `${postQuantum}\n${key}\n`,
      want: [postQuantum, key],
    },
    { name: 'that mark before a key', text: `\ufeff${key}\n`, want: [key] },
  ])('$name', ({ text, want }) => expect(readKeys('k', () => text)).toEqual(want));
  it.each([
    {
      name: 'a private key',
      text: '-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n',
      says: /is a private key: give the public one/,
    },
    {
      name: 'a key in two lines',
      text: `# mine\n${key.slice(0, 40)}\n${key.slice(40)}\n`,
      says: /line 2: the key is broken into two lines/,
    },
    { name: 'a key below its type', text: key.replace(' ', '\n'), says: /line 1: the key is broken/ },
    { name: 'nothing', text: '\n', says: /has no public keys/ },
    { name: 'something else', text: 'hello\n', says: /has no public keys/ },
    {
      name: 'a key after a blank that sshd does not know',
      text: `\u00a0${key}\n`,
      says: /has no public keys/,
    },
    { name: 'a key with a line separator', text: `${key}\u2028x\n`, says: /has no public keys/ },
    { name: 'a key with control characters', text: `${key}\u001b[2J\n`, says: /has no public keys/ },
  ])('refuses $name', ({ text, says }) => {
    expect(() => readKeys('k', () => text)).toThrow(says);
    expect(() => readKeys('k', () => text)).not.toThrow(/secret/);
  });
  it('says which file cannot be read', () =>
    expect(() => readKeys('/nowhere/k')).toThrow(/^the key file "\/nowhere\/k" cannot be read: ENOENT$/));
});
