import { describe, expect, it } from 'vitest';
import {
  flag,
  listOf,
  oneOf,
  parsed,
  portArgument,
  seconds,
  textOption,
  UsageError,
} from '../../src/cli/command.js';
import { commands } from '../../src/program/commands.js';

const summary = 'x';
const given = (options: Readonly<Record<string, string | true>>) => ({ positionals: [], options });

describe('flag', () => {
  it('reports whether it was given', () => {
    const option = flag({ long: 'dry-run', summary });
    expect(option.read(given({ 'dry-run': true }))).toBe(true);
    expect(option.read(given({ other: true }))).toBe(false);
  });
});

describe('text and parsed', () => {
  it('give the value, undefined if there is none', () => {
    const option = textOption({ long: 'name', value: 'TEXT', summary });
    expect(option.read(given({ name: 'a' }))).toBe('a');
    expect(option.read(given({ name: '' }))).toBe('');
    expect(option.read(given({}))).toBeUndefined();
  });

  it('make a RangeError the mistake of the caller, and no other error', () => {
    const failing = (error: Error) =>
      parsed({ long: 'n', value: 'N', summary }, () => {
        throw error;
      });
    expect(() => failing(new RangeError('no')).read(given({ n: '' }))).toThrow(new UsageError('no'));
    expect(() => failing(new RangeError('no')).read(given({ n: '' }))).toThrow(UsageError);
    expect(() => failing(new TypeError('no')).read(given({ n: '' }))).toThrow(TypeError);
    expect(failing(new TypeError('no')).read(given({}))).toBeUndefined();
  });
});

describe('seconds', () => {
  const wait = seconds({ long: 'wait', leftOut: 5, summary });

  it.each([
    { input: '1', want: 1000 },
    { input: '1.5', want: 1500 },
    { input: '0.001', want: 1 },
    { input: '0.0001', want: 1 },
    { input: '007', want: 7000 },
    { input: '86400', want: 86_400_000 },
    { input: true, want: 5 },
  ] as const)('takes $input', ({ input, want }) => {
    expect(wait.read(given({ wait: input }))).toBe(want);
  });

  it('is undefined if it was not given', () => {
    expect(wait.read(given({}))).toBeUndefined();
  });

  it('takes an optional value only if it has a default', () => {
    expect(wait).toMatchObject({ value: 'SECONDS', optionalValue: true });
    expect(seconds({ long: 'timeout', summary })).not.toHaveProperty('optionalValue');
  });

  it.each([
    ...['', '0', '0.0', '-1', '+1', '1.', '.5', '1e3', '0x10', '1s', ' 1', '86401'],
    ...['9'.repeat(400), 'NaN', '\n'],
  ])('refuses %j', (input) => {
    const read = () => wait.read(given({ wait: input }));
    expect(read).toThrow(UsageError);
    expect(read).toThrow('--wait takes seconds from 0.001 to 86400, not "');
  });
});

describe('oneOf and listOf', () => {
  const color = oneOf({ long: 'color', value: 'WHEN', choices: ['always', 'never'], summary });
  const over = listOf({ long: 'over', value: 'LIST', choices: ['vsock', 'ip'], summary });

  it('give what was chosen, undefined if nothing was', () => {
    expect(color.read(given({ color: 'never' }))).toBe('never');
    expect(color.read(given({}))).toBeUndefined();
    expect(over.read(given({ over: 'ip,vsock' }))).toEqual(['ip', 'vsock']);
    expect(over.read(given({}))).toBeUndefined();
  });

  it('offer their choices to completion', () => {
    expect(color.takes).toEqual(['always', 'never']);
    expect(over.takes).toEqual(['vsock', 'ip']);
  });

  it.each(['', 'Always', 'toString', 'always,never'])('name %j and the choices', (input) => {
    expect(() => color.read(given({ color: input }))).toThrow(
      new UsageError(`--color takes one of always, never, not ${JSON.stringify(input)}`),
    );
  });

  it('name the word of a list that is not among the choices', () => {
    expect(() => over.read(given({ over: 'ip,tcp' }))).toThrow(
      new UsageError('--over takes any of vsock, ip, not "tcp"'),
    );
  });
});

describe('the options of a command', () => {
  it.each(commands)('$name: each is listed once, also those that cannot be used together', (command) => {
    const longs = command.options.map(({ long }) => long);
    expect(new Set(longs).size).toBe(longs.length);
    const shorts = command.options.flatMap(({ short = [] }) => short);
    expect(new Set(shorts).size).toBe(shorts.length);
    for (const { long } of command.exclusive?.flat() ?? []) expect(longs).toContain(long);
  });
});

describe('portArgument', () => {
  it('is 22 if it is absent', () => {
    expect(portArgument(undefined)).toBe(22);
  });

  it('refuses with a UsageError', () => {
    expect(() => portArgument('ssh')).toThrow(
      new UsageError('port "ssh" cannot be used: it is not a number'),
    );
  });
});
