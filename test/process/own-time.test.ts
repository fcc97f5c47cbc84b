import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ownTime } from '../../src/process/own-time.js';

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
