import type { Addon, Confinement } from 'node-hvsock-native';
import { expect, it } from 'vitest';
import { confine } from '../../src/base/native.js';

it.each([
  { env: {}, compiled: true, want: ['serve'] },
  { env: { VMSSH_NO_SANDBOX: '' }, compiled: true, want: ['serve'] },
  { env: { VMSSH_NO_SANDBOX: '1' }, compiled: true, want: [] },
  // Node's addon would be loaded for nothing.
  { env: {}, compiled: false, want: [] },
])('gives up rights by the addon, compiled: $compiled, with $env: $want', ({ env, compiled, want }) => {
  const asked: Confinement[] = [];
  const addon = { confine: (profile: Confinement) => asked.push(profile) > 0 } as unknown as Addon;
  confine('serve', env, () => ({ addon }), compiled);
  expect(asked).toEqual(want);
});

it('does nothing without the addon', () => {
  expect(() => confine('read', {}, () => ({ missing: new Error('none') }), true)).not.toThrow();
});
