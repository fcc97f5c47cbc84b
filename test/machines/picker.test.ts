import type { Addon } from 'node-hvsock-native';
import { describe, expect, it } from 'vitest';
import { width } from '../../src/cli/terminal.js';
import { applyKey, keysIn, matching, pick, shownLines } from '../../src/machines/picker.js';
import { fakeIo } from '../helpers/fake-io.js';

const items = ['web', 'db'].map((name) => ({ cells: [name] }));

/** Chooses on a terminal that sends these parts. */
async function chosen(parts: string[], from = items, rows = 8) {
  const calls: string[] = [];
  const addon: Partial<Addon> = {
    readKeys: () => ({ promise: Promise.resolve(Buffer.from(parts.shift() ?? '')), cancel() {} }),
    rawTerminal: (raw) => void calls.push(raw ? 'raw' : 'as before'),
  };
  return { found: await pick(from, 'Which?', fakeIo(), addon as Addon, rows), calls };
}

it.each([
  { parts: ['\x1b[B', '\r'], found: items[1] },
  { parts: ['d', 'b\r'], found: items[1] },
  { parts: ['\r'], found: items[0] },
  { parts: ['x', '\r', '\x7f', '\r'], found: items[0] },
  { parts: ['\x1b', '\r'], found: undefined },
  { parts: ['\x03'], found: undefined },
  { parts: [''], found: undefined },
])('the picker takes $parts, and restores the terminal', async ({ parts, found }) => {
  expect(await chosen(parts)).toEqual({ found, calls: ['raw', 'as before'] });
});

it.each([
  { typed: '\r', word: 'yes' },
  { typed: ' Y\r', word: 'yes' },
  { typed: 'no\r', word: 'no' },
  { typed: '\x1b[B\r', word: 'yes' },
  ...['e\r', 'es\r', 'o\r', 'yo\r', 'sure\r'].map((typed) => ({ typed, word: undefined })),
])('a yes or no takes $typed', async ({ typed, word }) => {
  const answers = ['yes', 'no'].map((each) => ({ cells: [each] }));
  expect((await chosen([typed, ''], answers, 0)).found?.cells[0]).toBe(word);
});

const three = ['web', 'web2', 'db'].map((name) => ({ cells: [name, 'libvirt', 'running'] }));
const many = Array.from({ length: 30 }, (_, i) => ({ cells: [`m${i}`] }));
const start = { filter: '', at: 0 };
const asked = { question: 'Which?', rows: 8, columns: 80 };

describe('a choice', () => {
  it.each([
    { filter: '', want: 3 },
    { filter: 'WEB', want: 2 },
    { filter: 'run db', want: 1 },
    { filter: 'nothing', want: 0 },
  ])('has $want of 3 for "$filter"', ({ filter, want }) => {
    expect(matching(three, filter)).toHaveLength(want);
  });

  it('goes around at both ends', () => {
    expect(applyKey(three, start, 'up')).toEqual({ filter: '', at: 2 });
    expect(applyKey(three, { filter: '', at: 2 }, 'down')).toEqual(start);
    expect(applyKey([], start, 'down')).toEqual(start);
  });

  it('starts again at the first match when the filter changes', () => {
    const typed = applyKey(three, { filter: 'w', at: 1 }, { text: '漢' });
    expect(typed).toEqual({ filter: 'w漢', at: 0 });
    expect(applyKey(three, typed, 'erase')).toEqual({ filter: 'w', at: 0 });
    expect(applyKey(three, typed, 'erase-all')).toEqual(start);
  });

  it('shows at most 8 three around the marked one, and none wider than the terminal', () => {
    const lines = shownLines(many, { filter: '', at: 20 }, asked);
    expect(lines).toHaveLength(10);
    expect(lines.filter(({ look }) => look === 'bold')).toEqual([{ text: '> m20', look: 'bold' }]);
    const wide = [{ cells: ['漢字'.repeat(30), 'e\u0301'.repeat(30)] }];
    for (const columns of [1, 2, 3, 20, 79])
      for (const { text } of shownLines(wide, start, { ...asked, columns }))
        expect(width(text)).toBeLessThanOrEqual(columns);
  });

  it('aligns the columns', () => {
    expect(shownLines(three, start, asked).map(({ text }) => text)).toEqual([
      '> web   libvirt  running',
      '  web2  libvirt  running',
      '  db    libvirt  running',
      '3 of 3: type to filter, arrows and Enter to choose, Esc to leave',
      'Which? ',
    ]);
  });
});

it.each([
  ['mint', [{ text: 'm' }, { text: 'i' }, { text: 'n' }, { text: 't' }]],
  ['ü漢😀', [{ text: 'ü' }, { text: '漢' }, { text: '😀' }]],
  ['\x1b[A\x1bOB', ['up', 'down']],
  ['\x10\x0e\x15\x7f\b', ['up', 'down', 'erase-all', 'erase', 'erase']],
  ['\x1bx', ['leave', { text: 'x' }]],
  ['\x03', ['leave']],
  ['x\r', [{ text: 'x' }, 'enter']],
  ['\x1b[1;5C\x1b[200~\x1bOP\x1b[?25h', []],
  ['\x00\x07\u0085\u202e\u2028\t', []],
])('the keys in %j', (typed, want) => {
  expect(keysIn(typed)).toEqual(want);
});
