import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../src/host-keys/fingerprint.js';
import { knownTypes, verdictOn } from '../../src/host-keys/verdict.js';

// ssh-keygen -l printed the fingerprint.
const key = 'AAAAC3NzaC1lZDI1NTE5AAAAIO2UNWyoZHl1YIa3NcHyfWXuMMhc21gQFpQKsUkHr4Ek';
const fingerprint = 'SHA256:8nS9W3KZy1ixxW1OmHUi7BJV5fDwIlNjALPOAbWr2co';
const other = 'AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

it("a key's fingerprint is as ssh-keygen prints it", () =>
  expect(fingerprintOf(Buffer.from(key, 'base64'))).toBe(fingerprint));

describe('the verdict on a key', () => {
  it.each([
    { text: '', want: 'new' },
    { text: `db ssh-ed25519 ${key}\n`, want: 'new' },
    { text: `web ssh-ed25519 ${key}\n`, want: 'known' },
    { text: `WEB,db ssh-ed25519 ${key} note`, want: 'known' },
    { text: `w* ssh-ed25519 ${other}\nweb ssh-ed25519 ${key}\n`, want: 'known' },
    { text: `web ssh-ed25519 ${other}\n`, want: 'changed' },
    { text: `@revoked * ssh-ed25519 ${key}\nweb ssh-ed25519 ${key}\n`, want: 'revoked' },
    { text: `@revoked * ssh-ed25519 ${other}\nweb ssh-ed25519 ${key}\n`, want: 'known' },
    { text: `@revoked db ssh-ed25519 ${key}\n`, want: 'new' },
    { text: `@cert-authority * ssh-ed25519 ${key}\n`, want: 'new' },
  ])('with $text is $want', ({ text, want }) => {
    expect(verdictOn(fingerprint, 'Web', Buffer.from(text))).toBe(want);
  });
});

it('the types of known keys are those of its plain lines', () => {
  const text = `web ssh-rsa AAAA\n@revoked web ssh-dss AAAA\ndb ecdsa AAAA\nweb ssh-ed25519 ${key}\n# web x y\n`;
  expect(knownTypes('web', Buffer.from(text))).toEqual(['ssh-rsa', 'ssh-ed25519']);
});
