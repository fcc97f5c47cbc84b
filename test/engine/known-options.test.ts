import { expect, test } from 'vitest';
import { knownOptions } from '../../src/engine/known-options.js';

test.each([
  { options: {}, want: {} },
  { options: { timeout: 5 }, want: { timeout: 5 } },
])('options that the engine knows: $options', ({ options, want }) => {
  expect(knownOptions<{ timeout?: number }>('spawn', options, ['timeout'])).toEqual(want);
});

test('an option that it does not know throws, and is not passed over', () => {
  const options: { timeout?: number } = { timeout: 5, ...{ shell: true } };
  expect(() => knownOptions('spawn', options, ['timeout'])).toThrow(
    new TypeError("spawn: the engine has no option 'shell'"),
  );
});
