import { describe, expect, it } from 'vitest';
import { match, type Named, searchIn } from '../../src/sources/search.js';

const id = '8495db59ee594938bf3bc78365a6940b';
const dashed = '8495db59-ee59-4938-bf3b-c78365a6940b';
const named = (...names: readonly string[]): readonly Named[] => names.map((name) => ({ name }));

describe('match', () => {
  it.each([
    { name: 'the exact one', names: ['Mint', 'mint', 'MINT'], want: ['mint'] },
    { name: 'the only one in another case', names: ['arch', 'Mint'], want: ['Mint'] },
    { name: 'all in another case', names: ['Mint', 'MINT'], want: ['Mint', 'MINT'] },
    { name: 'both of one name', names: ['mint', 'mint'], want: ['mint', 'mint'] },
    { name: 'a slug, after the names', names: ['(Mint)'], want: ['(Mint)'] },
    { name: 'no part of a name', names: ['mint2', 'min', ''], want: [] },
    { name: 'nothing in nothing', names: [], want: [] },
  ])('gives $name', ({ names, want }) => {
    expect(match('mint', named(...names))).toEqual(named(...want));
  });

  it("takes another user's machine only if no other has the name, and not by a slug", () => {
    const other = { name: 'web', authority: 'other' } as const;
    const own = { name: 'Web' };
    expect(match('web', [other, own])).toEqual([own]);
    expect(match('web', [other])).toEqual([other]);
    expect(match('vsock-3', [{ name: 'vsock/3', authority: 'other' }])).toEqual([]);
  });

  const mint = { name: 'Mint', uuid: id };
  const arch = { name: 'arch', uuid: dashed.replace('8', '9') };
  it.each([
    ['an id', id, [arch, mint], [mint]],
    ['an id with dashes', dashed, [arch, mint], [mint]],
    ['an id in braces and upper case', `{${dashed}}`.toUpperCase(), [mint], [mint]],
    ['several of one id', id, [mint, { ...mint, name: 'x' }], [mint, { ...mint, name: 'x' }]],
    ['an id that another machine is called', id, [...named(id), mint], [mint]],
    ['no part of an id', id.slice(1), [mint], []],
    ['no id for dashes', '-', named('x'), []],
  ])('takes $0', (_name, wanted, machines, want) => {
    expect(match(wanted, machines)).toEqual(want);
  });
});

describe('the outcome of a match', () => {
  const all = named('a', 'b', 'b');
  const outcome = (name: string) => searchIn(match(name, all), all, (machine) => `x/${machine.name}`);
  it.each([
    { name: 'a', want: { outcome: 'found', machine: { name: 'a' }, warnings: [] } },
    { name: 'b', want: { outcome: 'ambiguous', means: ['x/b', 'x/b'], warnings: [] } },
    { name: 'c', want: { outcome: 'unknown', known: ['a', 'b'], warnings: [] } },
  ])('for $name is $want.outcome', ({ name, want }) => {
    expect(outcome(name)).toEqual(want);
  });
});
