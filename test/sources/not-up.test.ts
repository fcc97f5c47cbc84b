import { expect, it } from 'vitest';
import { whyOff } from '../../src/sources/not-up.js';
import type { Status } from '../../src/sources/provider.js';

it.each<[Status, string]>([
  ['off', 'start it again'],
  ['stopping', 'start it again'],
  ['paused', 'its manager can resume it'],
  ['saved', 'its manager can resume it'],
])('a machine that is %s, and that nobody knows how to start: %s', (status, hint) => {
  const context = { text: 'kubectl/web', platform: 'linux', env: {} } as const;
  expect(whyOff({ name: 'web', status }, undefined, context)).toEqual({
    problem: `"web" is ${status}`,
    hint,
  });
});
