import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { afterWaiting, ownTime } from '../../src/process/after-waiting.js';

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

describe("a process's own time", () => {
  it('has what it waited for a processor', () => {
    const busy = ownTime(() => '212025 2253572000 2\n');
    expect(busy - ownTime(() => '212025 0 2\n')).toBeGreaterThan(2000);
  });

  it('is that of its first thread only', () => {
    expect(ownTime(() => '5000000 3000000 2\n')).toBe(8);
  });

  it.each(['', '1', '1 x 2'])('is its work if the system does not tell: %j', (text) => {
    expect(ownTime(() => text)).toBeLessThanOrEqual(worked());
  });

  it('is its work where there is no such file', () => {
    const missing = () => {
      throw new Error('ENOENT');
    };
    expect(ownTime(missing)).toBeLessThanOrEqual(worked());
  });

  it.skipIf(!existsSync('/proc/self/schedstat'))('is asked of this system', () => {
    const paths: string[] = [];
    ownTime((path) => {
      paths.push(path);
      return '';
    });
    expect(paths).toEqual(['/proc/self/schedstat']);
    expect(ownTime()).toBeGreaterThan(0);
  });
});

/** By now. */
function worked(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
