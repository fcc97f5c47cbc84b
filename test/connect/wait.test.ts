import { describe, expect, it } from 'vitest';
import { ConnectError } from '../../src/base/errors.js';
import { inTime, openWhenReady, type WaitOptions } from '../../src/connect/wait.js';

const failure = (code: string, op: ConnectError['op'] = 'connect') =>
  new ConnectError(op, 't', { code, problem: `why ${code}`, hint: 'use --wait' });

/** Options that sleep no time and note it. */
function options(more: Partial<WaitOptions> = {}) {
  const slept: number[] = [];
  const retried: string[] = [];
  const sleep = async (ms: number) => slept.push(ms);
  const onRetry = (error: ConnectError) => retried.push(error.code);
  return { slept, retried, options: { waitMs: 60_000, sleep, onRetry, ...more } };
}

/** An attempt that fails with these errors, one after the other, and then succeeds. */
function failing(...errors: Error[]) {
  let tries = 0;
  const attempt = async (_leftMs: number) => {
    const error = errors[tries++];
    if (error) throw error;
    return 'open';
  };
  return { attempt, tries: () => tries };
}

describe('openWhenReady', () => {
  it.each<[string, ConnectError, ...ConnectError[]]>([
    ['between two tries', failure('NO_BANNER', 'handshake')],
    ['within a try', failure('ENOENT'), failure('INTERRUPTED', 'resolve')],
  ])('reports where it was when it is interrupted %s', async (_when, first, ...more) => {
    const abort = new AbortController();
    const { options: all } = options({ signal: abort.signal });
    const { attempt } = failing(first, ...more);
    let tries = 0;
    const running = openWhenReady(
      async (leftMs) => {
        if (tries++ === more.length) abort.abort();
        return attempt(leftMs);
      },
      { ...all, sleep: async () => {} },
    );
    await expect(running).rejects.toMatchObject({
      ...{ code: 'INTERRUPTED', op: first.op },
      problem: `interrupted while waiting: why ${first.code}`,
    });
  });

  it('does not sleep if the first attempt succeeds', async () => {
    const { options: all, slept } = options();
    expect(await openWhenReady(failing().attempt, all)).toBe('open');
    expect(slept).toEqual([]);
  });

  it('pauses longer each time, up to a second', async () => {
    const { options: all, slept } = options();
    const errors = Array.from({ length: 9 }, () => failure('ECONNREFUSED'));
    expect(await openWhenReady(failing(...errors).attempt, all)).toBe('open');
    expect(slept.map(Math.round)).toEqual([100, 150, 225, 338, 506, 759, 1000, 1000, 1000]);
  });

  const soon = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENODEV', 'EAGAIN', 'EOF', 'EPIPE'];
  it.each([
    ...soon.map((code) => failure(code)),
    failure('NOT_FOUND', 'resolve'),
    failure('NO_BANNER', 'handshake'),
  ])('tries again after $code', async (error) => {
    const { options: all, retried } = options();
    const { attempt, tries } = failing(error);
    expect(await openWhenReady(attempt, all)).toBe('open');
    expect({ tries: tries(), retried }).toEqual({ tries: 2, retried: [error.code] });
  });

  it.each([
    ['a failure that is final', new ConnectError('connect', 't', { code: 'X', final: true, problem: 'x' })],
    ['what cannot be parsed', failure('USAGE', 'parse')],
    ['an interruption', failure('INTERRUPTED')],
  ])('does not try again after $0', async (_name, error) => {
    const { options: all, slept } = options();
    await expect(openWhenReady(failing(error).attempt, all)).rejects.toBe(error);
    expect(slept).toEqual([]);
  });

  it('does not try again after a fault of our own', async () => {
    const fault = new TypeError('x is undefined');
    await expect(openWhenReady(failing(fault).attempt, options().options)).rejects.toBe(fault);
  });

  it.each([
    { waitMs: 50, after: '0.05' },
    { waitMs: 51.377113677, after: '0.05' }, // what is left after a start
  ])('gives up with the last failure when the time is over: $waitMs ms', async ({ waitMs, after }) => {
    const { options: all, slept } = options({ waitMs });
    const error = failure('ECONNREFUSED');
    await expect(openWhenReady(failing(error).attempt, all)).rejects.toMatchObject({
      name: 'ConnectError',
      op: 'connect',
      target: 't',
      code: 'ECONNREFUSED',
      hint: 'use a longer --wait',
      cause: error,
      problem: `gave up after ${after} s of waiting: why ECONNREFUSED`,
    });
    expect(slept).toEqual([]);
  });

  it('passes the time that is left to each attempt', async () => {
    const left: number[] = [];
    const attempt = async (leftMs: number) => {
      left.push(leftMs);
      if (left.length === 1) throw failure('ENOENT');
    };
    await openWhenReady(attempt, options({ waitMs: 60_000 }).options);
    const [first = 0, second = 0] = left;
    expect(first).toBeLessThanOrEqual(60_000);
    expect(second).toBeLessThanOrEqual(first);
    expect(second).toBeGreaterThan(0);
  });

  it.each([
    { name: 'while it sleeps', when: 'sleep', waitMs: 60_000 },
    { name: 'while it tries, whatever the attempt then says', when: 'attempt', waitMs: 60_000 },
    { name: 'in its last try', when: 'attempt', waitMs: 50 },
  ])('is interrupted $name', async ({ when, waitMs }) => {
    const abort = new AbortController();
    const { options: all } = options({
      waitMs,
      signal: abort.signal,
      sleep: async () => {
        if (when === 'sleep') abort.abort();
      },
    });
    let tries = 0;
    const attempt = async () => {
      tries++;
      if (when === 'attempt') abort.abort();
      throw failure('NO_BANNER', 'handshake');
    };
    await expect(openWhenReady(attempt, all)).rejects.toMatchObject({ op: 'handshake', code: 'INTERRUPTED' });
    expect(tries).toBe(1);
  });

  it('ends its own sleep on an abort', async () => {
    const abort = new AbortController();
    const attempt = async () => {
      setImmediate(() => abort.abort());
      throw failure('ENOENT');
    };
    const all = { waitMs: 60_000, signal: abort.signal };
    await expect(openWhenReady(attempt, all)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('a search for a machine within a time that was given', () => {
  const aborted = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

  it('is ended then, and the message has the time', async () => {
    await expect(inTime(20, undefined, aborted)).rejects.toMatchObject({
      ...{ op: 'resolve', code: 'TIMEOUT', target: '' },
      problem: "the machine's manager did not answer within 0.02 s",
    });
  });

  it('gives what was found, or its own error', async () => {
    expect(await inTime(60_000, undefined, async () => 'found')).toBe('found');
    const own = new Error('none');
    await expect(inTime(60_000, undefined, () => Promise.reject(own))).rejects.toBe(own);
  });

  it('is ended with what it is for, also what it does later', async () => {
    const outer = new AbortController();
    const later = await inTime(60_000, outer.signal, async (signal) => signal);
    outer.abort('gone');
    expect(later).toMatchObject({ aborted: true, reason: 'gone' });
    await expect(inTime(60_000, outer.signal, async (signal) => signal)).resolves.toMatchObject({
      aborted: true,
    });
  });
});
