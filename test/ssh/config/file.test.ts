import { describe, expect, it } from 'vitest';
import { lineDiff, shortDiff } from '../../../src/hosts/show.js';
import { hasInclude, ownerOf, signed, withInclude, withoutInclude } from '../../../src/ssh/config/file.js';

const own = 'vmssh.conf';
const added = '# Machines on this host: vmssh config install\nInclude vmssh.conf\n';

describe('the owner of a file', () => {
  const ours = signed('Host a\n');
  it.each([
    { name: 'nobody, of none', input: undefined, want: 'none' },
    { name: 'nobody, of an empty one', input: ' \n', want: 'none' },
    { name: 'we', input: ours, want: 'ours' },
    { name: 'we, of a file without lines', input: signed(''), want: 'ours' },
    { name: 'somebody else', input: 'Host a\n', want: 'foreign' },
    { name: 'we, and somebody added a line', input: `${ours}Host b\n`, want: 'edited' },
    { name: 'we, and somebody changed a line', input: ours.replace('Host a', 'Host b'), want: 'edited' },
    { name: 'we, and an editor changed the line ends', input: ours.replaceAll('\n', '\r\n'), want: 'edited' },
    { name: 'we, of a file cut off in its first line', input: ours.slice(0, 150), want: 'edited' },
  ])('is $name', ({ input, want }) => expect(ownerOf(input)).toBe(want));
});

describe('the main configuration', () => {
  it.each([
    ['none', undefined, added],
    ['an empty one', '', `${added}\n`],
    ['one with hosts', 'Host a\n    User b\n', `${added}\nHost a\n    User b\n`],
    ['one with settings for all', 'User b', `${added}\nUser b`],
    ['one of Windows', 'Host a\r\n', `${added}\n`.replaceAll('\n', '\r\n').concat('Host a\r\n')],
    ['one with a byte order mark', '\ufeffHost a\n', `\ufeff${added}\nHost a\n`],
    [
      'one that includes it for one host',
      'Host a\nInclude vmssh.conf\n',
      `${added}\nHost a\nInclude vmssh.conf\n`,
    ],
  ])('gets the Include on top of $0, once, and loses it again', (_name, main, want) => {
    const included = withInclude(main, [own]);
    expect(included).toBe(want);
    expect(withInclude(included, [own])).toBe(included);
    expect(withoutInclude(included, [own])).toBe(main);
  });

  it.each([
    ...['Include vmssh.conf\nHost a\n', '  include=vmssh.conf\n', 'INCLUDE a "vmssh.conf" b\n'],
    ...['Include ~/.ssh/vmssh.conf\n', '# Host a\nUser b\nInclude "/home/a b/.ssh/vmssh.conf"\nMatch all\n'],
  ])('is not changed if it has one: %j', (main) => {
    expect(withInclude(main, [own], [[own, '~/.ssh/vmssh.conf', '/home/a b/.ssh/vmssh.conf']])).toBe(main);
  });

  it.each([
    { main: '# Include vmssh.conf\n', want: false },
    { main: 'Include vmssh.conf.old\n', want: false },
    { main: 'Match all\nInclude vmssh.conf\n', want: false },
    { main: 'Include vmssh.conf', want: true },
  ])('has an Include: $main $want', ({ main, want }) => expect(hasInclude(main, [[own]])).toBe(want));

  it('loses only the line if its comment was removed, and nothing if there is none', () => {
    expect(withoutInclude('User a\nInclude vmssh.conf\nHost b\n', [own])).toBe('User a\nHost b\n');
    expect(withoutInclude('Host b\n', [own])).toBe('Host b\n');
  });
});

describe('a diff', () => {
  it.each([
    { before: '', after: 'a\nb\n', want: ['+a', '+b'] },
    { before: 'a\nb\n', after: '', want: ['-a', '-b'] },
    { before: 'a\nb\nc', after: 'a\nx\nc\nd\n', want: [' a', '-b', '+x', ' c', '+d'] },
    { before: 'a\n', after: 'a\n', want: [' a'] },
  ])('of $before and $after', ({ before, after, want }) => {
    expect(lineDiff(before, after).map((line) => line.join(''))).toEqual(want);
  });

  it('leaves out what is far from a change', () => {
    const before = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].join('\n');
    const short = shortDiff(lineDiff(before, before.replace('d', 'x')), 1);
    expect(short.map((line) => line.join(''))).toEqual([' …', ' c', '-d', '+x', ' e', ' …']);
    expect(shortDiff(lineDiff(before, before))).toEqual([[' ', '…']]);
  });
});
