import { describe, expect, it } from 'vitest';
import { isEntryOf, isFor, linesOf, nameBytes, parseLine, plainName } from '../../src/host-keys/lines.js';
import { matchesPattern } from '../../src/host-keys/pattern.js';

describe('a pattern of ssh', () => {
  it.each([
    { pattern: 'a', fits: ['a'], not: ['', 'b', 'aa'] },
    { pattern: '*', fits: ['', 'a', 'a.b'], not: [] },
    { pattern: 'a*c', fits: ['ac', 'abc', 'acbc'], not: ['a', 'acb', 'bac'] },
    { pattern: '?a?', fits: ['bab'], not: ['a', 'ba', 'baba'] },
    { pattern: '*a*b', fits: ['ab', 'xaxb', 'abab'], not: ['ba'] },
    { pattern: 'a**', fits: ['a', 'ab'], not: ['b'] },
    { pattern: '[a].+', fits: ['[a].+'], not: ['a', 'axx'] },
    { pattern: '', fits: [''], not: ['a'] },
  ])('$pattern', ({ pattern, fits, not }) => {
    expect(fits.filter((text) => !matchesPattern(text, pattern))).toEqual([]);
    expect(not.filter((text) => matchesPattern(text, pattern))).toEqual([]);
  });

  it('with many stars takes no long time', () => {
    expect(matchesPattern('a'.repeat(5000), `${'*a'.repeat(500)}b`)).toBe(false);
  });
});

describe('a list of hosts', () => {
  it.each([
    { hosts: 'a,web', is: true },
    { hosts: 'WEB', is: true },
    { hosts: 'w*', is: true },
    { hosts: '*,!web', is: false },
    { hosts: '!w*,web', is: false },
    { hosts: '!db,*', is: true },
    { hosts: '[web]:22', is: false },
    { hosts: '|1|bad|worse', is: false },
    // ssh-keygen -H made it of web.
    { hosts: '|1|MsWfloxmCvGALgNVQL5BtPwqZCQ=|TVE+tXIsMhZmLqUrEbpvaagx5r0=', is: true },
    { hosts: 'x|1|MsWfloxmCvGALgNVQL5BtPwqZCQ=|TVE+tXIsMhZmLqUrEbpvaagx5r0=', is: false },
  ])('$hosts', ({ hosts, is }) => expect(isFor(nameBytes('Web'), hosts)).toBe(is));
});

describe('a line', () => {
  it.each([
    {
      line: 'a,b ssh-rsa AAAA c\n',
      want: { marker: undefined, hosts: 'a,b', at: 0, type: 'ssh-rsa', key: 'AAAA' },
    },
    { line: ' @revoked\t* t k', want: { marker: '@revoked', hosts: '*', at: 10, type: 't', key: 'k' } },
    {
      line: '@cert-authority  a \t t  k',
      want: { marker: '@cert-authority', hosts: 'a', at: 17, type: 't', key: 'k' },
    },
    { line: '# a t k', want: undefined },
    { line: '@revoked t k', want: undefined },
    { line: 'a t\n', want: undefined },
    { line: '\n', want: undefined },
  ])('$line', ({ line, want }) => expect(parseLine(line)).toEqual(want));
});

describe('an entry', () => {
  it.each([
    { entry: 'WEB', name: 'web' },
    { entry: '[web]:2222', name: 'web' },
    { entry: 'x[web]:22', name: 'x[web]:22' },
    { entry: '[web]:22x', name: '[web]:22x' },
  ])('$entry is $name', ({ entry, name }) => {
    expect(plainName(entry)).toBe(name);
    expect(isEntryOf(name, entry)).toBe(true);
  });
});

it('an empty file has no lines', () => expect(linesOf(Buffer.alloc(0))).toEqual([]));
