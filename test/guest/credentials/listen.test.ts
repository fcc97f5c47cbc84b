import { describe, expect, it } from 'vitest';
import { parseListen } from '../../../src/guest/credentials/listen.js';

describe('an address for sshd', () => {
  it.each([
    ...[
      'vsock::22',
      'vsock:3:2222',
      '/run/ssh',
      '/run/a-b_c.d/%i',
      '@ssh',
      '22',
      '127.0.0.1:2222',
      '[::1]:2222',
    ],
  ])('%s', (text) => expect(parseListen(text)).toBe(text));

  it.each([
    ['vsock-stream::22', 'vsock::22'],
    ['vsock-stream:3:22', 'vsock:3:22'],
    ['vsock:0x3:0x16', 'vsock:3:22'],
    ['vsock://any:22', 'vsock::22'],
    ['vsock://3:22', 'vsock:3:22'],
    ['vsock:any:22', 'vsock::22'],
    ['vsock:-1:22', 'vsock::22'],
    ['vsock-stream:4294967295:22', 'vsock::22'],
    ['vsock:local:22', 'vsock:1:22'],
    ['vsock:host:22', 'vsock:2:22'],
  ])('%s is %s, which older systemd knows', (text, want) => expect(parseListen(text)).toBe(want));

  it.each([
    ...[
      '',
      'vsock',
      'vsock:22',
      'vsock://22',
      'vsock://any:x:22',
      'vsock:mint:22',
      'vsock:-2:22',
      'vsock:3:',
      'vsock:3:4294967295',
    ],
    ...[
      '0',
      '65536',
      '022:',
      '::1:22',
      '[127.0.0.1]:22',
      '[::1%lo]:22:',
      '1.2.3:22',
      'localhost:22',
      '[::1]',
    ],
    ...[
      '/',
      '@',
      'run/ssh',
      '/a b',
      '/a"b',
      "/a'b",
      '/a\nb',
      '/a\\x',
      'vsock::22 vsock::23',
      'vsock-dgram::22',
    ],
  ])('refuses %j', (text) => {
    expect(() => parseListen(text)).toThrow(RangeError);
    expect(() => parseListen(text)).toThrow(/^--listen takes vsock::PORT, .*, not "/);
  });
});
