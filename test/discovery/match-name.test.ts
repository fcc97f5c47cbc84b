import { describe, expect, it } from 'vitest';
import { matchName } from '../../src/discovery/match-name.js';

describe('matchName', () => {
  it.each([
    { name: 'the exact one', names: ['Mint', 'mint', 'MINT'], want: ['mint'] },
    { name: 'the only one in another case', names: ['arch', 'Mint'], want: ['Mint'] },
    { name: 'all in another case', names: ['Mint', 'MINT'], want: ['Mint', 'MINT'] },
    { name: 'one that comes twice once', names: ['Mint', 'Mint'], want: ['Mint'] },
    { name: 'no part of a name', names: ['mint2', 'min', ''], want: [] },
    { name: 'nothing in nothing', names: [], want: [] },
  ])('gives $name', ({ names, want }) => {
    expect(matchName('mint', names)).toEqual(want);
  });
});
