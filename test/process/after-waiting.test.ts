import { describe, expect, it } from 'vitest';
import { afterWaiting } from '../../src/process/after-waiting.js';

describe('a time limit', () => {
  /** How often the work was looked at before the limit was over, if each look finds `perLook` more of it. */
  const looks = (limitMs: number, perLook: number) =>
    new Promise<number>((resolve) => {
      let count = 0;
      afterWaiting(
        limitMs,
        () => resolve(count - 1),
        () => perLook * count++,
      );
    });

  it('is over after that time', async () => {
    expect(await looks(20, 0)).toBeLessThan(3); // a timer may be a millisecond early
  });

  it('does not count our own work, up to five limits', async () => {
    expect(await looks(20, 60)).toBeGreaterThan(1);
    expect(await looks(20, 1e9)).toBeGreaterThan(1);
  });

  it('can be called off', async () => {
    const called = await new Promise((resolve) => {
      const callOff = afterWaiting(1, () => resolve('the limit'));
      afterWaiting(20, () => resolve('the other'));
      callOff();
    });
    expect(called).toBe('the other');
  });
});
