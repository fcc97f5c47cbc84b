import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { Addon } from 'node-hvsock-native';
import { describe, expect, it } from 'vitest';
import { callerGone, watchStdio } from '../../../src/commands/proxy/stdio-watch.js';
import { fakeIo } from '../../helpers/fake-io.js';

function fakeAddon() {
  const calls: string[] = [];
  let hangUp = () => {};
  const promise = new Promise<void>((resolve) => {
    hangUp = resolve;
  });
  const watchHangup = (descriptors: readonly number[]) => {
    calls.push(`watch ${descriptors}`);
    return { promise, cancel: () => void calls.push('cancel') };
  };
  return { addon: { watchHangup } as unknown as Addon, calls, hangUp: () => hangUp() };
}

describe('watchStdio by the addon', () => {
  it('aborts when stdin or stdout hung up', async () => {
    const { addon, calls, hangUp } = fakeAddon();
    const { signal } = await watchStdio(addon, fakeIo());
    await turn();
    expect(calls).toEqual(['watch 0,1']);
    expect(signal.aborted).toBe(false);
    hangUp();
    await turn();
    expect(signal.aborted).toBe(true);
  });

  it('watches nothing if it is stopped in the same turn', async () => {
    const { addon, calls } = fakeAddon();
    (await watchStdio(addon, fakeIo())).stop();
    await turn();
    expect(calls).toEqual([]);
  });

  it('ends the watch', async () => {
    const { addon, calls } = fakeAddon();
    const watch = await watchStdio(addon, fakeIo());
    await turn();
    watch.stop();
    expect(calls).toEqual(['watch 0,1', 'cancel']);
  });
});

describe('watchStdio without the addon', () => {
  const watched = async (end: (input: PassThrough) => void) => {
    const input = new PassThrough();
    const streams = () => ({ input, output: new PassThrough() });
    const { signal } = await watchStdio(undefined, fakeIo({ streams }));
    end(input);
    await turn();
    expect(signal.aborted).toBe(true);
    return callerGone('unix/x', signal, undefined);
  };
  const error = (code: string) => Object.assign(new Error(`${code}: no`), { code });

  it('aborts when ssh is gone', async () => {
    const gone = { code: 'EPIPE', problem: expect.stringMatching(/^ssh went away/) };
    expect(await watched((input) => input.end())).toMatchObject(gone);
    expect(await watched((input) => input.destroy(error('ECONNRESET')))).toMatchObject(gone);
  });

  it('does not blame ssh if stdin fails', async () => {
    expect(await watched((input) => input.destroy(error('EMFILE')))).toMatchObject({
      code: 'EMFILE',
      problem: 'stdin cannot be read: EMFILE: no',
      hint: expect.stringContaining('ulimit -n'),
    });
    const other = await watched((input) => input.destroy(error('EIO')));
    expect(other).toMatchObject({ code: 'EIO', hint: undefined });
  });
});
