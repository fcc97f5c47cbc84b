import { expect, it, vi } from 'vitest';
import { inTurn } from '../../../src/commands/forward/machine.js';

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
