import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseListen } from '../../../src/guest/credentials/listen.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const asTheyAre = [
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
];
const rewritten = [
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
] as const;
const dir = useTempDir();

describe('an address for sshd', () => {
  it.each(asTheyAre)('%s', (text) => expect(parseListen(text)).toBe(text));

  it.each(rewritten)('%s is %s, which older systemd knows', (text, want) =>
    expect(parseListen(text)).toBe(want),
  );

  it.skipIf(missingPrograms({ 'systemd-analyze': 'systemd' }))(
    'is read by systemd in the form that it gets',
    async () => {
      const given = [...asTheyAre, ...rewritten.map(([text]) => text)].map(parseListen);
      const lines = [...given, 'vsock://any:22'].map(
        (each) => `ListenStream=${each.replaceAll('%', '%%')}\n`,
      );
      const socket = join(dir, 'vmssh-own.socket');
      writeFileSync(socket, `[Socket]\nAccept=yes\n${lines.join('')}`);
      writeFileSync(
        join(dir, 'vmssh-own@.service'),
        '[Service]\nExecStart=/bin/true\nStandardInput=socket\n',
      );
      const { stdout, stderr } = await run(['systemd-analyze', 'verify', '--man=no', socket]);
      const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('vmssh-own'));
      // No systemd has the URL form.
      expect(said).toEqual([expect.stringContaining("'vsock://any:22'")]);
    },
  );

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
