import { describe, expect, it } from 'vitest';
import { checkPort, parsePort, sshPort } from '../../src/address/port.js';

describe('parsePort', () => {
  it.each([
    { family: 'vsock', input: '0', want: 0 },
    { family: 'vsock', input: '22', want: sshPort },
    { family: 'vsock', input: '65536', want: 65536 },
    { family: 'vsock', input: '70000', want: 70000 },
    { family: 'vsock', input: '0x16', want: 22 },
    { family: 'vsock', input: '4294967294', want: 4294967294 },
    { family: 'hvsock', input: '0', want: 0 },
    { family: 'hvsock', input: '2147483647', want: 0x7fffffff },
    { family: 'tcp', input: '1', want: 1 },
    { family: 'tcp', input: '65535', want: 65535 },
  ] as const)('$family has $input', ({ family, input, want }) => {
    expect(parsePort(input, family)).toBe(want);
    expect(checkPort(want, family)).toBe(want);
  });

  it.each([
    { family: 'vsock', input: '4294967295', want: 'vsock has ports 0 to 4294967294' },
    { family: 'hvsock', input: '2147483648', want: 'hvsock has ports 0 to 2147483647' },
    { family: 'hvsock', input: '4294967294', want: 'hvsock has ports 0 to 2147483647' },
    { family: 'tcp', input: '0', want: 'tcp has ports 1 to 65535' },
    { family: 'tcp', input: '65536', want: 'tcp has ports 1 to 65535' },
  ] as const)('$family has no $input', ({ family, input, want }) => {
    const problem = new RangeError(`port ${input} cannot be used: ${want}`);
    expect(() => parsePort(input, family)).toThrow(problem);
    expect(() => checkPort(Number(input), family)).toThrow(problem);
  });

  it.each([
    { input: '-1', want: 'it is negative' },
    { input: 'x', want: 'it is not a number' },
    { input: 'ssh', want: 'it is not a number' },
    { input: '22 ', want: 'it is not a number' },
    { input: '4294967296', want: 'it is over 4294967295' },
    { input: '99999999999', want: 'it is over 4294967295' },
  ])('refuses $input', ({ input, want }) => {
    const problem = new RangeError(`port ${JSON.stringify(input)} cannot be used: ${want}`);
    expect(() => parsePort(input)).toThrow(problem);
  });

  it('says that one is missing', () =>
    expect(() => parsePort('')).toThrow(new RangeError('the port is missing')));

  it('quotes what it refuses over leading zeros', () => {
    expect(() => parsePort('022')).toThrow('port "022" cannot be used: it has a leading zero');
  });
});
