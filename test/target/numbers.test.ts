import { describe, expect, it } from 'vitest';
import { quote } from '../../src/errors.js';
import type { Guid } from '../../src/target/guid.js';
import {
  checkPort,
  explainUnsigned32,
  machineCid,
  parseCid,
  parsePort,
  parseUnsigned32,
  portOfServiceId,
  serviceIdOfPort,
  sshPort,
} from '../../src/target/numbers.js';

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
    const problem = new RangeError(`port ${quote(input)} cannot be used: ${want}`);
    expect(() => parsePort(input)).toThrow(problem);
  });

  it('says that one is missing', () =>
    expect(() => parsePort('')).toThrow(new RangeError('the port is missing')));

  it('quotes what it refuses over leading zeros', () => {
    expect(() => parsePort('022')).toThrow('port "022" cannot be used: it has a leading zero');
  });
});

describe('parseCid', () => {
  it.each([
    { input: 'hypervisor', want: 0 },
    { input: 'local', want: 1 },
    { input: 'host', want: 2 },
    { input: 'Host', want: 2 },
    { input: 'LOCAL', want: 1 },
    { input: '0', want: 0 },
    { input: '3', want: 3 },
    { input: '0x2A', want: 42 },
    { input: '4294967294', want: 4294967294 },
    { input: '0xfffffffe', want: 4294967294 },
  ])('$input is $want', ({ input, want }) => {
    expect(parseCid(input)).toBe(want);
  });

  const any = (text: string) => `CID "${text}" means any machine and cannot be connected to`;
  const unusable = (text: string, why: string) => `CID ${quote(text)} cannot be used: ${why}`;
  it.each([
    ['4294967295', any('4294967295')],
    ['0xffffffff', any('0xffffffff')],
    ['any', any('any')],
    ['ANY', any('ANY')],
    ['-1', any('-1')],
    ['', 'the CID is missing'],
    ['-2', unusable('-2', 'it is negative')],
    ['4294967296', unusable('4294967296', 'it is over 4294967295')],
    ['0x100000000', unusable('0x100000000', 'it is over 4294967295')],
    ['9'.repeat(400), unusable('9'.repeat(400), 'it is over 4294967295')],
    [
      '010',
      unusable('010', 'it has a leading zero: write it in decimal without one, or in hexadecimal after 0x'),
    ],
    ['guest', unusable('guest', 'it is not a number')],
    ['3.0', unusable('3.0', 'it is not a number')],
    ['1e1', unusable('1e1', 'it is not a number')],
    ['+3', unusable('+3', 'it is not a number')],
    [' 3', unusable(' 3', 'it is not a number')],
    ['3\n', unusable('3\n', 'it is not a number')],
    ['\u001b', 'CID "\\x1b" cannot be used: it is not a number'],
    ['0x', unusable('0x', 'it is not a number')],
    ['٣', unusable('٣', 'it is not a number')],
    ['many', unusable('many', 'it is not a number')],
    ['anyone', unusable('anyone', 'it is not a number')],
    ['hosts', unusable('hosts', 'it is not a number')],
    ['constructor', unusable('constructor', 'it is not a number')],
  ])('refuses $0', (input, want) => {
    expect(() => parseCid(input)).toThrow(want);
  });
});

describe('machineCid', () => {
  it.each([
    { input: '3', want: 3 },
    { input: '0x10', want: 16 },
    { input: 4294967294, want: 4294967294 },
    { input: '4294967294', want: 4294967294 },
    { input: 0, want: undefined },
    { input: '1', want: undefined },
    { input: 2, want: undefined },
    { input: '4294967295', want: undefined },
    { input: 4294967295, want: undefined },
    { input: '010', want: undefined },
    { input: '1e1', want: undefined },
    { input: 'abc', want: undefined },
    { input: '', want: undefined },
    { input: 3.5, want: undefined },
    { input: Number.NaN, want: undefined },
    { input: undefined, want: undefined },
    { input: null, want: undefined },
    { input: ['3'], want: undefined },
  ])('$input is $want', ({ input, want }) => expect(machineCid(input)).toBe(want));
});

describe('serviceIdOfPort', () => {
  it.each([
    { port: 0, want: '00000000-facb-11e6-bd58-64006a7986d3' },
    { port: 22, want: '00000016-facb-11e6-bd58-64006a7986d3' },
    { port: 2222, want: '000008ae-facb-11e6-bd58-64006a7986d3' },
    { port: 0x7fffffff, want: '7fffffff-facb-11e6-bd58-64006a7986d3' },
  ])('$port ↔ $want', ({ port, want }) => {
    expect(serviceIdOfPort(port)).toBe(want);
    expect(portOfServiceId(want as Guid)).toBe(port);
  });

  it('refuses the upper half', () => {
    const problem = new RangeError('port 2147483648 cannot be used: hvsock has ports 0 to 2147483647');
    expect(() => serviceIdOfPort(0x80000000)).toThrow(problem);
  });
});

describe('portOfServiceId', () => {
  it.each([
    { name: 'a port of the upper half', input: '80000000-facb-11e6-bd58-64006a7986d3' },
    { name: 'another service', input: '00000016-facb-11e6-bd58-64006a7986d4' },
    { name: 'the wildcard', input: '00000000-0000-0000-0000-000000000000' },
  ])('has none for $name', ({ input }) => {
    expect(portOfServiceId(input as Guid)).toBeUndefined();
  });
});
