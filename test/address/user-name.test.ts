import { describe, expect, it } from 'vitest';
import { checkUserName } from '../../src/address/user-name.js';
import { missingPrograms } from '../helpers/programs.js';
import { run } from '../helpers/run.js';

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
    expect(() => checkUserName(name)).toThrow(
      `the user name ${JSON.stringify(name)} ${why}; ssh refuses it too`,
    ),
  );

  // From 9.6 on, and in distributions' older ones.
  it.skipIf(missingPrograms({ ssh: 'openssh-client' }))('is refused if ssh refuses it', async () => {
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
