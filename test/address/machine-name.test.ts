import { describe, expect, it } from 'vitest';
import { nameProblem } from '../../src/address/machine-name.js';

describe('nameProblem', () => {
  it.each([
    { input: '', want: 'the machine name is empty' },
    { input: 'a/b', want: 'the machine name contains a slash: "a/b"' },
    { input: '/', want: 'the machine name contains a slash: "/"' },
    { input: '../x', want: 'the machine name contains a slash: "../x"' },
    { input: '.', want: 'the machine name is "."' },
    { input: '..', want: 'the machine name is ".."' },
    { input: 'a\0', want: 'the machine name contains a control character' },
    { input: 'a\nb', want: 'the machine name contains a control character' },
    { input: '\x7f', want: 'the machine name contains a control character' },
    { input: 'a\u0085b', want: 'the machine name contains a control character' },
  ])('finds one in $input', ({ input, want }) => {
    expect(nameProblem(input)).toBe(want);
  });

  it.each(['a', '.host', 'a..b', '...', 'a b', 'Mü', 'a%b', '-x', 'a:b', '\u2028'])(
    'finds none in %j',
    (input) => {
      expect(nameProblem(input)).toBeUndefined();
    },
  );

  it('names what the name is for', () => {
    expect(nameProblem('', 'domain name')).toBe('the domain name is empty');
  });
});
