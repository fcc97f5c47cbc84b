import { setImmediate as turn } from 'node:timers/promises';
import type { Addon } from 'node-hvsock-native';
import { describe, expect, it } from 'vitest';
import { watchStdio } from '../../src/commands/stdio-watch.js';
import { fakeIo } from './fake-io.js';

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

  it('watches nothing where it is stopped in the same turn', async () => {
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
