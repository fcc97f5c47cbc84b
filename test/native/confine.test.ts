import type { Addon, Confinement } from 'node-hvsock-native';
import { expect, it } from 'vitest';
import { confine } from '../../src/native.js';

it.each([
  { env: {}, want: ['serve'] },
  { env: { VMSSH_NO_SANDBOX: '' }, want: ['serve'] },
  { env: { VMSSH_NO_SANDBOX: '1' }, want: [] },
])('gives up rights by the addon, with $env: $want', ({ env, want }) => {
  const asked: Confinement[] = [];
  const addon = { confine: (profile: Confinement) => asked.push(profile) > 0 } as unknown as Addon;
  confine('serve', env, () => ({ addon }));
  expect(asked).toEqual(want);
});

it('does nothing without the addon', () => {
  expect(() => confine('read', {}, () => ({ missing: new Error('none') }))).not.toThrow();
});
