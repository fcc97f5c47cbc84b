import { expect, it } from 'vitest';
import { whyOff } from '../../src/sources/not-up.js';
import type { Status } from '../../src/sources/source.js';

it.each<[Status, string]>([
  ['off', 'vmssh cannot start it: its manager can'],
  ['stopping', 'vmssh cannot start it: its manager can'],
  ['paused', 'vmssh cannot resume it: its manager can'],
  ['saved', 'vmssh cannot resume it: its manager can'],
])('a machine that is %s, and that nobody knows how to start: %s', (status, hint) => {
  const context = { text: 'kubectl/web', platform: 'linux', env: {} } as const;
  expect(whyOff({ name: 'web', status }, undefined, context)).toEqual({
    problem: `"web" is ${status}`,
    hint,
  });
});

it('a machine that is stopping is not started before it is off', () => {
  const context = { text: 'hyper-v/web', platform: 'linux', env: {} } as const;
  const start = { machine: 'web', command: ['virsh', 'start', 'web'] };
  expect(whyOff({ name: 'web', status: 'stopping' }, start, context)).toEqual({
    problem: '"web" is stopping',
    hint: 'wait until it is off, then virsh start web',
  });
});
