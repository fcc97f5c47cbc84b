import { describe, expect, it } from 'vitest';
import { matchName, nameProblem } from '../../src/discovery/machine-name.js';

describe('nameProblem', () => {
  it.each([
    { input: '', want: 'is empty' },
    { input: 'a/b', want: 'slash' },
    { input: '/', want: 'slash' },
    { input: '.', want: 'is "."' },
    { input: '..', want: 'is ".."' },
    { input: '../x', want: 'slash' },
    { input: 'a\0', want: 'control character' },
    { input: 'a\nb', want: 'control character' },
    { input: 'a\u0085b', want: 'control character' },
  ])('finds one in $input', ({ input, want }) => {
    expect(nameProblem(input)).toContain(want);
  });

  it.each(['a', '.host', 'a..b', '...', 'a b', 'Mü', 'a%b', '-x'])('finds none in %s', (input) => {
    expect(nameProblem(input)).toBeUndefined();
  });
});

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
