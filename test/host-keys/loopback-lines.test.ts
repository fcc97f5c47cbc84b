import { expect, it } from 'vitest';
import { withLoopbackKeys } from '../../src/host-keys/loopback-lines.js';

const key = { port: 29_200, type: 'ssh-ed25519', key: 'AAAA' };
const line = '[127.0.0.1]:29200 ssh-ed25519 AAAA vmssh-loopback\n';
const edit = (old: string | undefined, keys = [key]) =>
  withLoopbackKeys(old === undefined ? undefined : Buffer.from(old), keys)?.toString();

it.each([
  { name: 'a file is made', old: undefined, want: line },
  { name: 'none is made for nothing', old: undefined, keys: [], want: undefined },
  { name: 'one with only our lines goes', old: line, keys: [], want: undefined },
  { name: 'an empty file stays', old: '', keys: [], want: '' },
  { name: 'a line without its end is ended', old: 'a b c', want: `a b c\n${line}` },
  { name: 'an old line of ours goes', old: `${line.replace('AAAA', 'BBBB')}a b c\n`, want: `a b c\n${line}` },
  { name: 'one that is there twice goes once', old: `${line}${line}`, want: line },
  {
    name: 'the same name without our comment stays',
    old: '[127.0.0.1]:29200 ssh-ed25519 BBBB\n',
    keys: [],
    want: '[127.0.0.1]:29200 ssh-ed25519 BBBB\n',
  },
  ...[
    '@revoked [127.0.0.1]:29200 ssh-ed25519 AAAA vmssh-loopback\n',
    '[127.0.0.1]:29200,web ssh-ed25519 AAAA vmssh-loopback\n',
    '[127.0.0.1]:29200 ssh-ed25519 AAAA my vmssh-loopback\n',
    'web ssh-ed25519 AAAA vmssh-loopback\n',
    '|1|AAAA|BBBB ssh-ed25519 AAAA vmssh-loopback\n',
    '# [127.0.0.1]:29200 ssh-ed25519 AAAA vmssh-loopback\n',
    'k\u00f6ln \u0000\r\n',
  ].map((old) => ({
    name: `a line of another form stays: ${JSON.stringify(old)}`,
    old,
    keys: [],
    want: old,
  })),
])('$name', ({ old, keys, want }) => {
  expect(edit(old, keys)).toBe(want);
});

it('bytes of others are not changed, whatever they are, and the same lines make no change', () => {
  const others = Buffer.from([0xff, 0x00, 0x0a, 0xfe]);
  const once = withLoopbackKeys(others, [key]);
  expect(once?.subarray(0, 4)).toEqual(others);
  expect(withLoopbackKeys(once, [key])).toBe(once);
});
