import { describe, expect, it } from 'vitest';
import { maxKeyText, publicKeys } from '../../../src/sources/tools/machine-files.js';
import { madeKey } from '../../keys/made-keys.js';

const [ed25519, ecdsa, rsa] = [madeKey('ed25519'), madeKey('ecdsa'), madeKey('rsa')];
const [, base64 = ''] = ed25519.key.split(' ');

const blobOf = (type: string, ...parts: readonly Buffer[]) =>
  Buffer.concat(
    [Buffer.from(type), ...parts].map((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return Buffer.concat([length, part]);
    }),
  );
const line = (type: string, inner = type, rest = [Buffer.alloc(32)]) =>
  `${type} ${blobOf(inner, ...rest).toString('base64')}`;

/** A key of 52 bytes, whose last character has bits that no byte has: the same bytes, in another spelling. */
const spare = blobOf('ssh-ed25519', Buffer.alloc(33))
  .toString('base64')
  .replace(/A=*$/, (end) => end.replace('A', 'B'));

describe('the public keys in the files of a machine', () => {
  it('are those of its .pub files, in their order, without comments', () =>
    expect(publicKeys([ed25519.text, ecdsa.text, rsa.text])).toEqual([ed25519.key, ecdsa.key, rsa.key]));

  it('are listed once', () =>
    expect(publicKeys([ed25519.text, `\n\n${ed25519.key} again\r\n`])).toEqual([ed25519.key]));

  it('may end with an empty part', () => {
    const key = line('ssh-ed25519', 'ssh-ed25519', [Buffer.alloc(32), Buffer.alloc(0)]);
    expect(publicKeys([key])).toEqual([key]);
  });

  it.each(['ssh-mldsa44-ed25519@openssh.com', 'sk-ssh-ed25519@openssh.com'])(
    'may be of the type %s',
    (type) => expect(publicKeys([line(type)])).toEqual([line(type)]),
  );

  it.each([
    ['a type that no host has', line('ssh-dss')],
    ['a certificate', line('ssh-ed25519-cert-v01@openssh.com')],
    ['a type that it is not', line('ssh-ed25519', 'ssh-rsa')],
    ['no key at all', line('ssh-ed25519', 'ssh-ed25519', [])],
    ['a part that is too short', `ssh-ed25519 ${blobOf('ssh-ed25519').toString('base64')}AAAA`],
    [
      'a part that is longer than all',
      `ssh-ed25519 ${Buffer.from('\0\0\xff\xff', 'latin1').toString('base64')}`,
    ],
    ['another spelling of its bytes', line('ssh-ed25519').replace(/.$/, '=')],
    ['bits that its bytes do not have', `ssh-ed25519 ${spare}`],
    [
      'a last part that is cut',
      `ssh-ed25519 ${blobOf('ssh-ed25519', Buffer.alloc(32)).subarray(0, -3).toString('base64')}`,
    ],
    [
      'bytes after its parts',
      `ssh-ed25519 ${Buffer.concat([blobOf('ssh-ed25519', Buffer.alloc(32)), Buffer.alloc(3)]).toString('base64')}`,
    ],
    ['a character that base64 lacks', `ssh-ed25519 ${base64.slice(0, 20)}\u001b${base64.slice(20)}`],
    ['a control character after it', `${ed25519.key}\u001b]0;x`],
    ['options before it', `no-pty ${ed25519.key}`],
    ['a name before it, as in known_hosts', `other ${ed25519.key}`],
    ['a marker before it', `@revoked ${ed25519.key}`],
    ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----'],
    ['nothing', ''],
  ])('do not include one with %s', (_, text) => expect(publicKeys([text, ecdsa.text])).toEqual([ecdsa.key]));

  it('are those of the first 16 lines', () => {
    const many = Array.from({ length: 17 }, (_, n) =>
      line('ssh-ed25519', 'ssh-ed25519', [Buffer.alloc(32, n)]),
    );
    expect(publicKeys([many.join('\n')])).toEqual(many.slice(0, 16));
    expect(publicKeys([Array(16).fill('x').join('\n'), ed25519.text])).toEqual([]);
  });

  it('are those of the first 16 kB of all', () => {
    const padding = 'x'.repeat(maxKeyText - ed25519.key.length);
    expect(publicKeys([padding, ed25519.key])).toEqual([]);
    expect(publicKeys([ed25519.text, `${padding}${padding}`])).toEqual([ed25519.key]);
  });
});
