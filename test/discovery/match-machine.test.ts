import { describe, expect, it } from 'vitest';
import type { Machine } from '../../src/discovery/machine.js';
import { distinctMachines, matchMachine } from '../../src/discovery/match-machine.js';

const id = '8495db59ee594938bf3bc78365a6940b';
const other = '793b61a0166c450492ea51d10a8eaad6';
const machine = (name: string, more: Partial<Machine> = {}): Machine => ({
  name,
  class: 'vm',
  scope: 'system',
  ...more,
});

describe('matchMachine', () => {
  const mint = machine('Mint', { id });
  const arch = machine('arch', { id: other });
  const clone = machine('clone', { id });
  const userMint = machine('Mint', { id, scope: 'user' });

  it.each([
    { name: 'by name', wanted: 'Mint', machines: [arch, mint], want: [mint] },
    { name: 'by name in another case', wanted: 'mint', machines: [arch, mint], want: [mint] },
    { name: 'by id', wanted: id, machines: [arch, mint], want: [mint] },
    {
      name: 'by id with dashes',
      wanted: '8495db59-ee59-4938-bf3b-c78365a6940b',
      machines: [arch, mint],
      want: [mint],
    },
    { name: 'by id in upper case', wanted: id.toUpperCase(), machines: [arch, mint], want: [mint] },
    { name: 'several of one id', wanted: id, machines: [mint, clone], want: [mint, clone] },
    {
      name: 'the first scope before the second, by name',
      wanted: 'mint',
      machines: [userMint, mint],
      want: [userMint],
    },
    {
      name: 'the first scope before the second, by id',
      wanted: id,
      machines: [userMint, mint],
      want: [userMint],
    },
    { name: 'a name that looks like an id', wanted: id, machines: [mint, machine(id)], want: [machine(id)] },
    { name: 'none by a part of the id', wanted: id.slice(1), machines: [mint], want: [] },
    { name: 'none by dashes alone', wanted: '-', machines: [machine('x')], want: [] },
  ])('finds $name', ({ wanted, machines, want }) => {
    expect(matchMachine(wanted, machines)).toEqual(want);
  });
});

describe('distinctMachines', () => {
  it('drops what is registered twice, keeps another machine of the same name', () => {
    const user = machine('a', { id, scope: 'user' });
    const namesake = machine('a', { id: other });
    expect(distinctMachines([user, machine('a', { id }), namesake])).toEqual([user, namesake]);
  });
});
