import type { Addon } from 'node-hvsock-native';
import { describe, expect, it } from 'vitest';
import { pick } from '../../src/picker/picker.js';
import { fakeIo } from '../helpers/fake-io.js';

const items = ['web', 'db'].map((name) => ({ cells: [name] }));
const web = items[0];
const db = items[1];

/** Chooses on a terminal that sends these parts, one for each question, and then nothing. */
async function chosen(parts: readonly string[], silence: () => Promise<void>) {
  const left = [...parts];
  const calls: string[] = [];
  const readKeys: Addon['readKeys'] = () => {
    const part = left.shift();
    const promise =
      part === undefined ? new Promise<Uint8Array>(() => {}) : Promise.resolve(Buffer.from(part));
    return { promise, cancel: () => calls.push('cancelled') };
  };
  const rawTerminal = (raw: boolean) => void calls.push(raw ? 'raw' : 'as before');
  const deps = { columns: () => 80, host: process, silence };
  const found = await pick(items, 'Which?', fakeIo(), { readKeys, rawTerminal } as unknown as Addon, deps);
  return { found, calls };
}
const never = () => new Promise<void>(() => {});
const atOnce = async () => {};

describe('the picker', () => {
  it.each([
    ['\x1b[B', '\r'],
    ['\x1b', '[B', '\r'],
    ['\x1b', '[', 'B', '\r'],
    ['\x1bO', 'B\r'],
  ])('takes an arrow that arrives as %j %j', async (...parts) => {
    expect(await chosen(parts, never)).toEqual({ found: db, calls: ['raw', 'as before'] });
  });

  it('is left by Esc once nothing follows, and reads no more', async () => {
    expect(await chosen(['\x1b'], atOnce)).toEqual({
      found: undefined,
      calls: ['raw', 'cancelled', 'as before'],
    });
  });

  it('ends with its terminal', async () => {
    expect(await chosen([''], never)).toMatchObject({ found: undefined });
    expect((await chosen(['\r'], never)).found).toBe(web);
  });
});
