import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openWhenReady } from '../../src/connect/wait.js';
import { ConnectError } from '../../src/errors.js';

/** What openWhenReady sleeps after each failure of an attempt that takes `tookMs`, and says that it will. */
async function sleepsAfter(codes: readonly string[], tookMs = 0): Promise<readonly number[]> {
  const slept: number[] = [];
  const left = [...codes];
  const attempt = async () => {
    const code = left.shift();
    if (code === undefined) return;
    await delay(tookMs);
    throw new ConnectError('connect', 't', { code, problem: 'why' });
  };
  const reported: number[] = [];
  const onRetry = (_: ConnectError, ms: number) => reported.push(ms);
  await openWhenReady(attempt, {
    target: 't',
    waitMs: 60_000,
    onRetry,
    sleep: async (ms) => slept.push(ms),
  });
  expect(reported).toEqual(slept);
  return slept;
}

describe('waiting for a Hyper-V machine', () => {
  it.each(['WSAEADDRNOTAVAIL', 'WSAENETUNREACH'])('tries again a second after %s', async (code) => {
    expect(await sleepsAfter([code, code])).toEqual([1000, 1000]);
  });

  it('tries again at once after WSAETIMEDOUT, which has waited itself', async () => {
    expect(await sleepsAfter(['WSAETIMEDOUT'], 1010)).toEqual([0]);
  });

  it('does not hammer a guest that times out in no time', async () => {
    expect(await sleepsAfter(['WSAETIMEDOUT', 'WSAETIMEDOUT'])).toEqual([100, 150]);
  });

  it.each(['WSAECONNREFUSED', 'WSAENETDOWN'])('tries again soon after %s', async (code) => {
    expect(await sleepsAfter([code])).toEqual([100]);
  });

  it.each(['WSAEACCES', 'WSAEAFNOSUPPORT', 'WSAEINVAL'])('does not try again after %s', async (code) => {
    await expect(sleepsAfter([code])).rejects.toMatchObject({ code });
  });
});
