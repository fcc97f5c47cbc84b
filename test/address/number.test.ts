import { describe, expect, it } from 'vitest';
import { explainUnsigned32, parseUnsigned32 } from '../../src/address/number.js';

describe('an unsigned number of 32 bits', () => {
  it.each([
    { text: '0', value: 0 },
    { text: '10', value: 10 },
    { text: '0x0A', value: 10 },
    { text: '4294967295', value: 0xffffffff },
  ])('$text', ({ text, value }) => expect(parseUnsigned32(text)).toBe(value));

  it.each([
    { text: '', why: 'it is not a number' },
    { text: '-12', why: 'it is negative' },
    { text: '1-2', why: 'it is not a number' },
    { text: '-1x', why: 'it is not a number' },
    { text: '007', why: expect.stringMatching(/^it has a leading zero/) },
    { text: '07x', why: 'it is not a number' },
    { text: '10x', why: 'it is not a number' },
    { text: '1/0', why: 'it is not a number' },
    { text: 'x0x1', why: 'it is not a number' },
    { text: '0x1g', why: 'it is not a number' },
    { text: '4294967296', why: 'it is over 4294967295' },
    { text: '0x1ffffffff', why: 'it is over 4294967295' },
  ])('is not $text', ({ text, why }) => {
    expect(parseUnsigned32(text)).toBeUndefined();
    expect(explainUnsigned32(text)).toEqual(why);
  });
});
