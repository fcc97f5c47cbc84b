import { describe, expect, it } from 'vitest';
import { KeyReader } from '../../src/picker/keys.js';

describe('keys', () => {
  it.each([
    { typed: 'mint', want: [{ text: 'm' }, { text: 'i' }, { text: 'n' }, { text: 't' }] },
    { typed: 'ü漢😀', want: [{ text: 'ü' }, { text: '漢' }, { text: '😀' }] },
    { typed: '\x1b[A\x1bOB\x1b[5~', want: [{ does: 'up' }, { does: 'down' }, { does: 'page-up' }] },
    {
      typed: '\x10\x0e\x15\x7f\b',
      want: ['up', 'down', 'erase-all', 'erase', 'erase'].map((does) => ({ does })),
    },
    { typed: '\x1bx', want: [{ does: 'leave' }, { text: 'x' }] },
    { typed: '\x03', want: [{ does: 'interrupt' }] },
    { typed: 'x\r', want: [{ text: 'x' }, { does: 'enter' }] },
    { typed: '\x1b[1;5C\x1b[200~\x1bOP\x1b[?25h', want: [] },
    { typed: '\x00\x07\u0085\u202e\u2028\t', want: [] },
  ])('$typed', ({ typed, want }) => {
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
