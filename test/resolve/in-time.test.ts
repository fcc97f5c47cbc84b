import { describe, expect, it } from 'vitest';
import { Interrupter, type Interruption } from '../../src/interruption.js';
import { inTime } from '../../src/resolve/in-time.js';

describe('a search for a machine within a time that was given', () => {
  const aborted = (signal: Interruption) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

  it('is ended then, and the message has the time', async () => {
    await expect(inTime('docker/web', 20, undefined, aborted)).rejects.toMatchObject({
      ...{ op: 'resolve', code: 'TIMEOUT', target: 'docker/web' },
      problem: "the machine's manager did not answer within 0.02 s",
    });
  });

  it('gives what was found, or its own error', async () => {
    expect(await inTime('docker/web', 60_000, undefined, async () => 'found')).toBe('found');
    const own = new Error('none');
    await expect(inTime('docker/web', 60_000, undefined, () => Promise.reject(own))).rejects.toBe(own);
  });

  it('is ended with what it is for, also what it does later', async () => {
    const outer = new Interrupter();
    const later = await inTime('docker/web', 60_000, outer, async (signal) => signal);
    outer.abort('gone');
    expect(later).toMatchObject({ aborted: true, reason: 'gone' });
    await expect(inTime('docker/web', 60_000, outer, async (signal) => signal)).resolves.toMatchObject({
      aborted: true,
    });
  });
});
