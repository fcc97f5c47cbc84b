import { describe, expect, it } from 'vitest';
import type { Guid } from '../../src/address/guid.js';
import { portOfServiceId, serviceIdOfPort } from '../../src/address/service-id.js';

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
