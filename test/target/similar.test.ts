import { describe, expect, it } from 'vitest';
import { similarTo } from '../../src/target/similar.js';

describe('names that may be meant', () => {
  it.each([
    { typed: 'we', names: ['web', 'db', 'web2'], want: ['web', 'web2'] },
    { typed: 'wbe', names: ['web', 'db'], want: ['web'] },
    { typed: 'wep', names: ['db', 'WEB'], want: ['WEB'] },
    { typed: 'debain-13', names: ['debian-12', 'debian-13', 'fedora'], want: ['debian-13'] },
    { typed: 'mint', names: ['mint2', 'mnt', 'paint', 'min', 'mnit', 'lint'], want: ['mint2', 'mnt', 'min'] },
    { typed: 'db', names: ['web', 'mint'], want: [] },
    { typed: 'w', names: ['web'], want: [] },
    { typed: '', names: ['web'], want: [] },
    { typed: 'abcde', names: ['abxye', 'xbcyz'], want: ['abxye'] },
    { typed: 'abcd', names: ['abxy'], want: [] },
    { typed: 'web', names: ['web', 'web2', 'wed'], want: ['web'] },
    { typed: 'abcd', names: ['acbd', 'abdd', 'badc'], want: ['acbd', 'abdd'] },
    { typed: 'ab', names: ['ba', 'abcdef'], want: ['ba', 'abcdef'] },
  ])('$typed among $names', ({ typed, names, want }) => {
    expect(similarTo(typed, names)).toEqual(want);
  });

  it('are not looked for in text that nobody types', () => {
    const long = 'x'.repeat(1_000_000);
    expect(similarTo(long, [long])).toEqual([]);
    expect(similarTo('xx', [long])).toEqual([]);
  });
});
