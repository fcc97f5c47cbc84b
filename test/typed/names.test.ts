import { describe, expect, it, test } from 'vitest';
import { quote } from '../../src/base/errors.js';
import {
  checkUserName,
  hasControlCharacter,
  hostNameOf,
  isHostName,
  isPlainHostName,
  matchesPattern,
  nameProblem,
  similarTo,
  slug,
} from '../../src/typed/names.js';
import { lacks } from '../helpers/programs.js';
import { run } from '../helpers/run.js';

test('agrees with Unicode on every character', () => {
  for (let unit = 0; unit <= 0xffff; unit++) {
    const character = String.fromCharCode(unit);
    expect([unit, hasControlCharacter(`a${character}b`)]).toEqual([unit, /\p{Cc}/u.test(character)]);
  }
});

describe('nameProblem', () => {
  it.each([
    ['', 'is empty'],
    ...['a/b', '/', '../x'].map((name) => [name, `contains a slash: "${name}"`] as const),
    ['.', 'is "."'],
    ['..', 'is ".."'],
    ...['a\0', 'a\nb', '\x7f', 'a\u0085b'].map((name) => [name, 'contains a control character'] as const),
  ] as const)('finds one in %j', (input, why) => expect(nameProblem(input)).toBe(`the machine name ${why}`));

  it.each(['a', '.host', 'a..b', '...', 'a b', 'Mü', 'a%b', '-x', 'a:b', '\u2028'])(
    'finds none in %j',
    (input) => expect(nameProblem(input)).toBeUndefined(),
  );

  it('names what the name is for', () => {
    expect(nameProblem('', 'domain name')).toBe('the domain name is empty');
  });
});

const taken = ['ann', 'a b', 'ann$', 'ä', 'a.b', 'DOMAIN\\ann', 'a#b', '_x-y'];
const refused = [
  ...['-x', '-oProxyCommand=x', 'a -x', 'a;b', 'a|b', 'a`b', "a'b", 'a"b', 'a&b'],
  ...['a<b', 'a>b', 'a(b', 'a)b', 'a{b', 'a}b', 'a\\'],
];

function isTaken(name: string): boolean {
  try {
    return checkUserName(name) === name;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

describe('the name of a user', () => {
  it.each(taken)('may be %s', (name) => expect(checkUserName(name)).toBe(name));
  it.each(['', 'a\nb', 'a\x1bb', ...refused])('may not be %j', (name) =>
    expect(() => checkUserName(name)).toThrow(/^the user name ".*" .*ssh refuses it too$/),
  );

  it.each([
    { name: '', why: 'is empty' },
    { name: '-x', why: 'begins with "-"' },
    { name: 'a\nb', why: 'contains a control character' },
    { name: 'a;b', why: 'contains ;' },
    { name: 'a -b', why: 'contains a "-" after a blank' },
    { name: 'a\\', why: 'ends in "\\"' },
  ])('may not be $name, which $why', ({ name, why }) =>
    expect(() => checkUserName(name)).toThrow(`the user name ${quote(name)} ${why}; ssh refuses it too`),
  );

  // From 9.6 on, and in distributions' older ones.
  it.skipIf(lacks('ssh'))('is refused if ssh refuses it', async () => {
    const names = [...taken, ...refused];
    const bySsh = await Promise.all(
      names.map(async (name) => {
        const { stderr } = await run(['ssh', '-G', '-F', '/dev/null', '-l', name, '--', 'host']);
        return !stderr.includes('remote username contains invalid characters');
      }),
    );
    expect(names.filter((_, i) => bySsh[i])).toEqual(names.filter(isTaken));
  });
});

describe('a host name for ssh and its tools', () => {
  it.each(['mint', 'machine%web', 'machine/web', 'unix/run/a.sock', 'Ünder_score', 'a-b'])('%s', (text) => {
    expect(isHostName(text)).toBe(true);
    expect(hostNameOf(text)).toBe(text);
  });

  it.each([
    { text: 'machine/Web Server', name: 'machine/Web-Server' },
    { text: 'vsock:3:5000', name: 'vsock-3-5000' },
    { text: '-oProxyCommand=x', name: 'oProxyCommand=x' },
    { text: '--x', name: 'x' },
    { text: 'a$(x)`y`;z', name: 'a-x-y-z' },
    { text: 'a\u202eb', name: 'a-b' },
    { text: 'podman%*', name: 'podman%-' },
    { text: 'a?b!', name: 'a-b-' },
    { text: 'hyper-v/user@x', name: 'hyper-v/user-x' },
    { text: ' ', name: 'machine' },
    { text: '', name: 'machine' },
  ])('$text is not one, and becomes $name', ({ text, name }) => {
    expect(isHostName(text)).toBe(false);
    expect(hostNameOf(text)).toBe(name);
    expect(isHostName(name)).toBe(true);
  });
});

describe('a name in a Host line', () => {
  it.each(['mint', 'a.b', 'machine%web'])('can be %s', (text) => expect(isPlainHostName(text)).toBe(true));
  it.each(['a/b', 'a*', 'a?', '!a', 'a b', ''])('cannot be %j', (text) =>
    expect(isPlainHostName(text)).toBe(false),
  );
});

describe('the name of a machine as a host', () => {
  it.each([
    { name: 'mint', host: 'mint' },
    { name: 'Web Server (1)', host: 'Web-Server-1' },
    { name: 'a  /:b', host: 'a-b' },
    { name: '.-.a.-b--', host: 'a.-b' },
    { name: 'a_1.x-y', host: 'a_1.x-y' },
    { name: 'U\u0308n\u00efq', host: '\u00dcn\u00efq' },
    { name: 'क्षि', host: 'क्षि' },
    { name: '...', host: '' },
    { name: '\u{1f600}', host: '' },
  ])('of $name is $host', ({ name, host }) => expect(slug(name)).toBe(host));

  it('takes no long time with many dashes', () => expect(slug('-a'.repeat(50_000)).length).toBe(99_999));
});

describe('names that may be meant', () => {
  it.each([
    { typed: 'we', names: ['web', 'db', 'web2'], want: ['web', 'web2'] },
    { typed: 'wbe', names: ['web', 'db'], want: ['web'] },
    { typed: 'wep', names: ['db', 'WEB'], want: ['WEB'] },
    { typed: 'debain-13', names: ['debian-12', 'debian-13', 'fedora'], want: ['debian-13'] },
    { typed: 'mint', names: ['mint2', 'mnt', 'paint', 'min', 'mnit', 'lint'], want: ['mint2', 'mnt', 'min'] },
    { typed: 'db', names: ['web', 'mint'], want: [] },
    ...['w', ''].map((typed) => ({ typed, names: ['web'], want: [] })),
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
