import { describe, expect, it } from 'vitest';
import { quote } from '../../src/base/errors.js';
import {
  checkPort,
  explainUnsigned32,
  type Guid,
  machineCid,
  parseCid,
  parsePort,
  parseUnsigned32,
  portOfServiceId,
  serviceIdOfPort,
  sshPort,
} from '../../src/typed/numbers.js';

const noNumber = 'it is not a number';
const tooLarge = 'it is over 4294967295';

describe('an unsigned number of 32 bits', () => {
  it.each([
    { text: '0', value: 0 },
    { text: '10', value: 10 },
    { text: '0x0A', value: 10 },
    { text: '4294967295', value: 0xffffffff },
  ])('$text', ({ text, value }) => expect(parseUnsigned32(text)).toBe(value));

  it.each([
    ...['', '1-2', '-1x', '07x', '10x', '1/0', 'x0x1', '0x1g'].map((text) => [text, noNumber] as const),
    ['-12', 'it is negative'],
    ['007', expect.stringMatching(/^it has a leading zero/)],
    ['4294967296', tooLarge],
    ['0x1ffffffff', tooLarge],
  ] as const)('is not "%s"', (text, why) => {
    expect(parseUnsigned32(text)).toBeUndefined();
    expect(explainUnsigned32(text)).toEqual(why);
  });
});

describe('parsePort', () => {
  it.each([
    { family: 'vsock', input: '0', want: 0 },
    { family: 'vsock', input: '22', want: sshPort },
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
    { family: 'tcp', input: '0', want: 'tcp has ports 1 to 65535' },
    { family: 'tcp', input: '65536', want: 'tcp has ports 1 to 65535' },
  ] as const)('$family has no $input', ({ family, input, want }) => {
    const problem = new RangeError(`port ${input} cannot be used: ${want}`);
    expect(() => parsePort(input, family)).toThrow(problem);
    expect(() => checkPort(Number(input), family)).toThrow(problem);
  });

  it.each([
    ['ssh', noNumber],
    ['99999999999', tooLarge],
  ])('refuses "%s"', (input, why) => {
    expect(() => parsePort(input)).toThrow(`port ${quote(input)} cannot be used: ${why}`);
  });

  it('says that one is missing', () =>
    expect(() => parsePort('')).toThrow(new RangeError('the port is missing')));
});

describe('parseCid', () => {
  it.each([
    { cid: 0, texts: ['hypervisor', '0'] },
    { cid: 1, texts: ['local', 'LOCAL'] },
    { cid: 2, texts: ['host', 'Host'] },
    { cid: 42, texts: ['0x2A'] },
    { cid: 4294967294, texts: ['4294967294', '0xfffffffe'] },
  ])('$cid is read from $texts', ({ cid, texts }) => {
    for (const text of texts) expect(parseCid(text)).toBe(cid);
  });

  it.each(['4294967295', '0xffffffff', 'any', 'ANY', '-1'])('refuses any: %s', (text) => {
    expect(() => parseCid(text)).toThrow(`CID "${text}" means any machine and cannot be connected to`);
  });

  it.each([
    ['-2', 'it is negative'],
    ['9'.repeat(400), tooLarge],
    ...['3.0', '1e1', '+3', ' 3', '3\n', '0x', '٣', 'anyone', 'constructor'].map(
      (text) => [text, noNumber] as const,
    ),
  ] as const)('refuses %j', (text, why) => {
    expect(() => parseCid(text)).toThrow(`CID ${quote(text)} cannot be used: ${why}`);
  });

  it('says that one is missing', () => expect(() => parseCid('')).toThrow('the CID is missing'));
});

describe('machineCid', () => {
  it.each([
    ['3', 3],
    ['0x10', 16],
    [4294967294, 4294967294],
    ['4294967294', 4294967294],
  ])('%j is %i', (input, cid) => expect(machineCid(input)).toBe(cid));

  it.each([
    ...[0, '1', 2, '4294967295', 4294967295, '010', '1e1', 'abc', '', 3.5, Number.NaN, undefined, null],
  ])('%j is none', (input) => expect(machineCid(input)).toBeUndefined());

  it('a list with one is none', () => expect(machineCid(['3'])).toBeUndefined());
});

describe('serviceIdOfPort', () => {
  it.each([
    { port: 0, want: '00000000-facb-11e6-bd58-64006a7986d3' },
    { port: 22, want: '00000016-facb-11e6-bd58-64006a7986d3' },
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
