import { describe, expect, it } from 'vitest';
import { withoutNames } from '../../src/keys/pins.js';
import {
  filedVerdict,
  fingerprintOf,
  isEntryOf,
  isFor,
  keyTypeOf,
  linesOf,
  nameBytes,
  parseLine,
  plainName,
} from '../../src/ssh/known-hosts.js';

describe('a list of hosts', () => {
  // ssh-keygen -H made it of web.
  const hashed = '1|MsWfloxmCvGALgNVQL5BtPwqZCQ=|TVE+tXIsMhZmLqUrEbpvaagx5r0=';

  it.each(['a,web', 'WEB', 'w*', '!db,*', `|${hashed}`])('has Web: %s', (hosts) =>
    expect(isFor(nameBytes('Web'), hosts)).toBe(true),
  );

  it.each([
    ...['*,!web', '!w*,web', '[web]:22', '|1|bad|worse'],
    ...[`|2${hashed.slice(1)}`, `|x|${hashed}`, `x|${hashed}`],
  ])('does not have Web: %s', (hosts) => expect(isFor(nameBytes('Web'), hosts)).toBe(false));
});

describe('a line', () => {
  it.each([
    ['a,b ssh-rsa AAAA c\n', { marker: undefined, hosts: 'a,b', at: 0, type: 'ssh-rsa', key: 'AAAA' }],
    [' @revoked\t* t k', { marker: '@revoked', hosts: '*', at: 10, type: 't', key: 'k' }],
    ['@cert-authority  a \t t  k', { marker: '@cert-authority', hosts: 'a', at: 17, type: 't', key: 'k' }],
    ['# a t k', undefined],
    ['@revoked t k', undefined],
    ['a t\n', undefined],
    ['\n', undefined],
  ])('$0', (line, want) => expect(parseLine(line)).toEqual(want));
});

describe('an entry', () => {
  it.each([
    { entry: 'WEB', name: 'web' },
    { entry: '[web]:2222', name: 'web' },
    { entry: 'x[web]:22', name: 'x[web]:22' },
    { entry: '[web]:22x', name: '[web]:22x' },
  ])('$entry is $name', ({ entry, name }) => {
    expect(plainName(entry)).toBe(name);
    expect(isEntryOf(name, entry)).toBe(true);
  });
});

it('an empty file has no lines', () => expect(linesOf(Buffer.alloc(0))).toEqual([]));

// ssh-keygen -l printed the fingerprint.
const key = 'AAAAC3NzaC1lZDI1NTE5AAAAIO2UNWyoZHl1YIa3NcHyfWXuMMhc21gQFpQKsUkHr4Ek';
const fingerprint = 'SHA256:8nS9W3KZy1ixxW1OmHUi7BJV5fDwIlNjALPOAbWr2co';
const other = 'AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

it.each([
  { blob: Buffer.from(key, 'base64'), type: 'ssh-ed25519' },
  { blob: Buffer.alloc(3), type: '' },
])("a key's type is its first string: $type", ({ blob, type }) => expect(keyTypeOf(blob)).toBe(type));

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
    expect(filedVerdict(fingerprint, 'Web', Buffer.from(text))).toBe(want);
  });
});

// OpenSSH 10.6 dropped the domain of the name. As long as its keys: 1,344 bytes and the name.
describe.each(['ssh-mldsa44-ed25519@openssh.com', 'ssh-mldsa44-ed25519'])('a key of the type %s', (type) => {
  const blob = (fill: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(type.length);
    return Buffer.concat([length, Buffer.from(type), Buffer.alloc(1348, fill)]);
  };
  const [own, another] = [blob('k'), blob('o')];

  it.each([
    { text: `web ${type} ${own.toString('base64')} note\n`, want: 'known' },
    { text: `web ssh-ed25519 ${key}\nweb ${type} ${own.toString('base64')}\n`, want: 'known' },
    { text: `web ${type} ${another.toString('base64')}\n`, want: 'changed' },
    { text: `@revoked web ${type} ${own.toString('base64')}\n`, want: 'revoked' },
    { text: `db ${type} ${own.toString('base64')}\n`, want: 'new' },
  ])('is one like any other: $want', ({ text, want }) => {
    const bytes = Buffer.from(text);
    expect(filedVerdict(fingerprintOf(own), 'web', bytes)).toBe(want);
    const left = withoutNames(bytes, ['web']).bytes.toString();
    expect(left.includes(type)).toBe(want === 'revoked' || want === 'new');
  });
});
