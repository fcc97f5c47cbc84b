import { describe, expect, it } from 'vitest';
import { machineCid, parseCid } from '../../src/address/cid.js';

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
  const unusable = (text: string, why: string) => `CID ${JSON.stringify(text)} cannot be used: ${why}`;
  it.each([
    { input: '4294967295', want: any('4294967295') },
    { input: '0xffffffff', want: any('0xffffffff') },
    { input: 'any', want: any('any') },
    { input: 'ANY', want: any('ANY') },
    { input: '-1', want: any('-1') },
    { input: '', want: 'the CID is missing' },
    { input: '-2', want: unusable('-2', 'it is negative') },
    { input: '4294967296', want: unusable('4294967296', 'it is over 4294967295') },
    { input: '0x100000000', want: unusable('0x100000000', 'it is over 4294967295') },
    {
      input: '9'.repeat(400),
      want: unusable('9'.repeat(400), 'it is over 4294967295'),
    },
    {
      input: '010',
      want: unusable(
        '010',
        'it has a leading zero: write it in decimal without one, or in hexadecimal after 0x',
      ),
    },
    { input: 'guest', want: unusable('guest', 'it is not a number') },
    { input: '3.0', want: unusable('3.0', 'it is not a number') },
    { input: '1e1', want: unusable('1e1', 'it is not a number') },
    { input: '+3', want: unusable('+3', 'it is not a number') },
    { input: ' 3', want: unusable(' 3', 'it is not a number') },
    { input: '3\n', want: unusable('3\n', 'it is not a number') },
    { input: '0x', want: unusable('0x', 'it is not a number') },
    { input: '٣', want: unusable('٣', 'it is not a number') },
    { input: 'many', want: unusable('many', 'it is not a number') },
    { input: 'anyone', want: unusable('anyone', 'it is not a number') },
    { input: 'hosts', want: unusable('hosts', 'it is not a number') },
    { input: 'constructor', want: unusable('constructor', 'it is not a number') },
  ])('refuses $input', ({ input, want }) => {
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
