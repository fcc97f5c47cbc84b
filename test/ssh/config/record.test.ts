import { describe, expect, it } from 'vitest';
import { isFresh, recorded, recordLines } from '../../../src/ssh/config/record.js';

describe('options that a file keeps', () => {
  it.each([
    { options: [], lines: '' },
    { options: ['--prefix=vm-'], lines: '# Kept by later runs: --prefix=vm-\n' },
    {
      options: ['--fresh', '-o X=Y Z'],
      lines: '# Kept by later runs: --fresh\n# Kept by later runs: -o X=Y Z\n',
    },
  ])('are $options', ({ options, lines }) => {
    expect(recordLines(options)).toBe(lines);
    expect(recorded(`# vmssh\n${lines}\nHost x\n`)).toEqual(options);
  });

  it.each([
    { where: 'its first line', file: '# Kept by later runs: --fresh\n' },
    { where: 'below other lines', file: '# vmssh\n\n# Kept by later runs: --fresh\nHost x\n' },
    { where: 'within a line', file: '# vmssh\n# x # Kept by later runs: --fresh\n' },
    { where: 'an unfinished line', file: '# vmssh\n# Kept by later runs: --fresh' },
    { where: 'no line', file: '' },
  ])('are none in $where', ({ file }) => expect(recorded(file)).toEqual([]));

  it.each([
    { option: '--fresh', is: true },
    { option: '--no-fresh', is: false },
    { option: '--prefix=--fresh', is: false },
  ])('with $option keep its Hosts fresh: $is', ({ option, is }) =>
    expect(isFresh(`# vmssh\n${recordLines(['--dots', option])}\n`)).toBe(is),
  );
});
