import type { Addon } from 'node-hvsock-native';
import { describe, expect, it } from 'vitest';
import { width } from '../../src/cli/terminal.js';
import { applyKey, KeyReader, matching, pick, shownLines } from '../../src/picker/picker.js';
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

const three = ['web', 'web2', 'db'].map((name) => ({ cells: [name, 'libvirt', 'running'] }));
const many = Array.from({ length: 30 }, (_, i) => ({ cells: [`m${i}`] }));
const start = { filter: '', at: 0 };

describe('a choice', () => {
  it.each([
    { filter: '', want: 3 },
    { filter: 'WEB', want: 2 },
    { filter: 'run db', want: 1 },
    { filter: 'nothing', want: 0 },
  ])('has $want of 3 for "$filter"', ({ filter, want }) => {
    expect(matching(three, filter)).toHaveLength(want);
  });

  it('goes around at both ends, and stays within the list by pages', () => {
    expect(applyKey(three, start, { does: 'up' })).toEqual({ filter: '', at: 2 });
    expect(applyKey(three, { filter: '', at: 2 }, { does: 'down' })).toEqual(start);
    expect(applyKey(many, start, { does: 'page-down' }).at).toBe(8);
    expect(applyKey(many, start, { does: 'page-up' }).at).toBe(0);
    expect(applyKey(many, { filter: '', at: 25 }, { does: 'page-down' }).at).toBe(29);
    expect(applyKey(many, start, { does: 'last' }).at).toBe(29);
    expect(applyKey([], start, { does: 'down' })).toEqual(start);
  });

  it('starts again at the first match when the filter changes', () => {
    const typed = applyKey(three, { filter: 'w', at: 1 }, { text: '漢' });
    expect(typed).toEqual({ filter: 'w漢', at: 0 });
    expect(applyKey(three, typed, { does: 'erase' })).toEqual({ filter: 'w', at: 0 });
    expect(applyKey(three, typed, { does: 'erase-all' })).toEqual(start);
  });

  it('shows at most 8 three around the marked one, and none wider than the terminal', () => {
    const lines = shownLines(many, { filter: '', at: 20 }, 'Which?', 80);
    expect(lines).toHaveLength(10);
    expect(lines.filter(({ look }) => look === 'bold')).toEqual([{ text: '> m20', look: 'bold' }]);
    const wide = [{ cells: ['漢字'.repeat(30), 'e\u0301'.repeat(30)] }];
    for (const columns of [1, 2, 3, 20, 79])
      for (const { text } of shownLines(wide, start, 'Which machine?', columns))
        expect(width(text)).toBeLessThanOrEqual(columns);
  });

  it('aligns the columns', () => {
    expect(shownLines(three, start, 'Which?', 80).map(({ text }) => text)).toEqual([
      '> web   libvirt  running',
      '  web2  libvirt  running',
      '  db    libvirt  running',
      '3 of 3: type to filter, arrows and Enter to choose, Esc to leave',
      'Which? ',
    ]);
  });
});

describe('keys', () => {
  it.each([
    ['mint', [{ text: 'm' }, { text: 'i' }, { text: 'n' }, { text: 't' }]],
    ['ü漢😀', [{ text: 'ü' }, { text: '漢' }, { text: '😀' }]],
    ['\x1b[A\x1bOB\x1b[5~', [{ does: 'up' }, { does: 'down' }, { does: 'page-up' }]],
    ['\x10\x0e\x15\x7f\b', ['up', 'down', 'erase-all', 'erase', 'erase'].map((does) => ({ does }))],
    ['\x1bx', [{ does: 'leave' }, { text: 'x' }]],
    ['\x03', [{ does: 'interrupt' }]],
    ['x\r', [{ text: 'x' }, { does: 'enter' }]],
    ['\x1b[1;5C\x1b[200~\x1bOP\x1b[?25h', []],
    ['\x00\x07\u0085\u202e\u2028\t', []],
  ])('$0', (typed, want) => {
    expect(new KeyReader().push(Buffer.from(typed))).toEqual(want);
  });

  it('are the same at every split of what the terminal sent', () => {
    const bytes = Buffer.from('a\x1b[5~漢😀\x1bOA\r');
    const whole = new KeyReader().push(bytes);
    expect(whole).toHaveLength(6);
    for (let at = 1; at < bytes.length; ++at) {
      const reader = new KeyReader();
      expect([...reader.push(bytes.subarray(0, at)), ...reader.push(bytes.subarray(at))]).toEqual(whole);
    }
  });

  it.each([
    { typed: '\x1b', want: [{ does: 'leave' }] },
    { typed: '\x1b[', want: [] },
    { typed: 'x', want: [] },
  ])('that nothing follows are $want', ({ typed, want }) => {
    const reader = new KeyReader();
    reader.push(Buffer.from(typed));
    expect(reader.isWaiting).toBe(typed !== 'x');
    expect(reader.giveUp()).toEqual(want);
    expect(reader.push(Buffer.from('[A'))).toEqual([{ text: '[' }, { text: 'A' }]);
  });

  it('of a sequence without end are not kept forever', () => {
    const reader = new KeyReader();
    expect(reader.push(Buffer.from(`\x1b[${'1'.repeat(1000)}`))).toEqual([]);
    expect(reader.push(Buffer.from('x'))).toEqual([{ text: 'x' }]);
  });
});
