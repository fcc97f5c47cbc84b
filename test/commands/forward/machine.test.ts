import { expect, it, vi } from 'vitest';
import { inTurn, remembered } from '../../../src/commands/forward/machine.js';

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

it('asks for each connection after it came, once for all that came meanwhile', async () => {
  const searches: ((found: number | Error) => void)[] = [];
  const find = inTurn(
    () =>
      new Promise<number>((resolve, reject) =>
        searches.push((found) => (found instanceof Error ? reject(found) : resolve(found))),
      ),
  );
  const [first, second, third] = [find(), find(), find()];
  expect(searches).toHaveLength(1);
  searches[0]?.(1);
  expect(await first).toBe(1);
  await vi.waitFor(() => expect(searches).toHaveLength(2));
  searches[1]?.(new Error('gone'));
  await expect(second).rejects.toThrow('gone');
  await expect(third).rejects.toThrow('gone');
  const last = find();
  await vi.waitFor(() => expect(searches).toHaveLength(3));
  searches[2]?.(3);
  expect(await last).toBe(3);
});
