import ssh2 from 'ssh2';
import { expect, it } from 'vitest';
import { fingerprint, freshKeys, isKey } from '../../src/demo/keys.js';

it('throws away a key that cannot be read', () => {
  const good = ssh2.utils.generateKeyPairSync('ed25519');
  const given = [{ private: 'not a key' }, good];
  // One real pair in 256 is unreadable: then a third is requested, and this is the one that comes.
  const keys = freshKeys(() => given.shift() ?? { private: freshKeys().private });
  expect(keys.public.type).toBe('ssh-ed25519');
  expect(given).toEqual([]);
});

it('distinguishes a key from all others', () => {
  const [a, b] = [freshKeys().public, freshKeys().public];
  expect(isKey(a.getPublicSSH(), a)).toBe(true);
  expect(isKey(b.getPublicSSH(), a)).toBe(false);
  expect(isKey(Buffer.alloc(0), a)).toBe(false);
});

it('prints a fingerprint as ssh-keygen does', () => {
  const line = 'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl'; // github.com's
  expect(fingerprint(Buffer.from(line, 'base64'))).toBe('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
});
