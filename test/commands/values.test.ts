import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/commands/command.js';
import { portArgument, secondsOption } from '../../src/commands/values.js';

const seconds = (value: string | true | undefined) =>
  secondsOption({ positionals: [], options: value === undefined ? {} : { wait: value } }, 'wait');

describe('secondsOption', () => {
  it.each([
    { input: '1', want: 1000 },
    { input: '1.5', want: 1500 },
    { input: '0.001', want: 1 },
    { input: '0.0001', want: 1 },
    { input: '007', want: 7000 },
    { input: '86400', want: 86_400_000 },
    { input: true, want: undefined },
    { input: undefined, want: undefined },
  ] as const)('takes $input', ({ input, want }) => {
    expect(seconds(input)).toBe(want);
  });

  it.each([
    '',
    '0',
    '0.0',
    '-1',
    '+1',
    '1.',
    '.5',
    '1e3',
    '0x10',
    '1s',
    ' 1',
    '86401',
    '9'.repeat(400),
    'NaN',
    '\n',
  ])('refuses %j', (input) => {
    expect(() => seconds(input)).toThrow(UsageError);
    expect(() => seconds(input)).toThrow('--wait takes seconds from 0.001 to 86400, not "');
  });
});

describe('portArgument', () => {
  it('is 22 where it is absent', () => {
    expect(portArgument(undefined)).toBe(22);
  });

  it('refuses with a UsageError', () => {
    expect(() => portArgument('ssh')).toThrow(
      new UsageError('port "ssh" cannot be used: it is not a number'),
    );
  });
});
