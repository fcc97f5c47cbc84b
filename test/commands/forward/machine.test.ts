import { expect, it } from 'vitest';
import { remembered } from '../../../src/commands/forward/machine.js';

it('finds once for all that ask within the time, and again after it, after a failure, or when told to', async () => {
  let time = 0;
  let searches = 0;
  const found = remembered(
    async () => {
      if (++searches === 3) throw new Error('gone');
      return searches;
    },
    1000,
    () => time,
  );
  expect(await Promise.all([found.get(), found.get()])).toEqual([1, 1]);
  time = 999;
  expect(await found.get()).toBe(1);
  time = 1000;
  expect(await found.get()).toBe(2);
  found.forget();
  await expect(found.get()).rejects.toThrow('gone');
  expect(await found.get()).toBe(4);
});
