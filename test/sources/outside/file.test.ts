import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kinds } from '../../../src/kinds/kinds.js';
import {
  builtInWords,
  isOutsideName,
  outsideFiles,
  outsideLines,
  readOutside,
} from '../../../src/sources/outside/file.js';
import { sources } from '../../../src/sources/sources.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();

/** A sources.json with this text, or with these sources. */
function fileWith(name: string, text: string | object): string {
  mkdirSync(join(dir, name), { recursive: true });
  const path = join(dir, name, 'sources.json');
  writeFileSync(path, typeof text === 'string' ? text : JSON.stringify({ version: 1, sources: text }));
  return path;
}

describe('sources.json', () => {
  it('is in the folder of settings of the user, and in /etc', () => {
    expect(outsideFiles({ HOME: dir }, '/e', 'linux')).toEqual([
      `${dir}/.config/vmssh/sources.json`,
      '/e/vmssh/sources.json',
    ]);
    expect(outsideFiles({ HOME: dir, XDG_CONFIG_HOME: dir }, '/e', 'linux')[0]).toBe(
      `${dir}/vmssh/sources.json`,
    );
    expect(outsideFiles({ HOME: dir }, '/e', 'win32')).toEqual([]);
  });

  it("has a line for each source; of one name the user's counts", () => {
    const own = fileWith('own', { mine: { command: ['/opt/mine', '-x'], find: true, folder: '/opt' } });
    const root = fileWith('root', {
      mine: { command: ['/other'] },
      lab: { command: ['/lab'], start: true, names: 'VM-?*' },
    });
    expect(readOutside([own, join(dir, 'none'), root])).toEqual({
      lines: [
        { name: 'mine', file: own, command: ['/opt/mine', '-x'], find: true, start: false, folder: '/opt' },
        { name: 'lab', file: root, command: ['/lab'], find: false, start: true, names: ['vm-?*'] },
      ],
      problems: [],
    });
  });

  it.each([
    { line: { command: 'ls' }, wrong: /"command" is not a list/ },
    { line: { command: [] }, wrong: /"command" is not a list/ },
    { line: { command: ['/ls', 7] }, wrong: /"command" is not a list/ },
    ...[
      ...[['/ls\n'], ['/ls\0'], ['/ls', 'a\u009b'], [''], ['/ls', ''], [['/ls']]],
      ...[[`/${'x'.repeat(5000)}`], { 0: '/ls', length: 1 }],
    ].map((command) => ({ line: { command }, wrong: /not a list of texts, each of 1 to 4096 characters/ })),
    ...[['./ls'], ['../ls'], ['~/ls'], ['-x'], [' /ls'], ['$HOME/ls']].map((command) => ({
      line: { command },
      wrong: /must be an absolute path: neither PATH nor "~"/,
    })),
    { line: [['/ls']], wrong: /"command" is not a list/ },
    { line: null, wrong: /"command" is not a list/ },
    { line: 7, wrong: /"command" is not a list/ },
    { line: { command: ['machines'] }, wrong: /must be an absolute path/ },
    { line: { command: ['/ls'], find: 'yes' }, wrong: /true or false/ },
    { line: { command: ['/ls'], folder: 'keys' }, wrong: /"folder" must be an absolute path/ },
    ...[
      ...['', [], 7, null, [['a']], ['a', ''], '!a', 'a b', 'a/*', 'web-', '-*', 'a\n'],
      Array(101).fill('a'),
    ].map((names) => ({ line: { command: ['/ls'], names }, wrong: /"names" must be a pattern, or a list/ })),
  ])('says what is wrong with the line $line, whose name stays a name', ({ line, wrong }) => {
    const { lines } = readOutside([fileWith('wrong', { mine: line, lab: { command: ['/lab'] } })]);
    expect(lines.map(({ name, command }) => ({ name, command }))).toEqual([
      { name: 'mine', command: [] },
      { name: 'lab', command: ['/lab'] },
    ]);
    expect(lines[0]?.wrong).toMatch(wrong);
  });

  it.each([
    ...['machine', 'via', 'lima', 'qemu', 'unix', 'outside', 'x', '-a', 'A', 'a b', 'a/b', 'é', 'a-'],
    ...['x'.repeat(33), '', '..', 'a..', 'Lima', 'QEMU', 'li\u017fa', 'l\u0131ma', '\u212aern', 'lima\n'],
    ...['mine\0', 'a%2f', 'a%b', 'a:b', '__proto__'],
    ...['sources.json', '.host', 'mine\u200b', 'mine_x'],
  ])('lets no source be named %j, and has the others', (name) => {
    const mine = `${JSON.stringify(name)}:{"command":["/x"]}`;
    const file = fileWith('names', `{"version":1,"sources":{${mine},"lab":{"command":["/lab"]}}}`);
    const { lines, problems } = readOutside([file]);
    expect(lines.map((line) => line.name)).toEqual(['lab']);
    expect(problems).toEqual([
      { file, code: 'PROTOCOL', problem: expect.stringMatching(/^no source can be named "/) },
    ]);
  });

  it.each([
    { text: '{', problem: /^not JSON/ },
    { text: '{"version":2,"sources":{}}', problem: /^expected/ },
    { text: '{"version":1,"sources":[]}', problem: /^expected/ },
    { text: '{"version":1,"sources":null}', problem: /^expected/ },
    { text: '{"version":1e999,"sources":{}}', problem: /^expected/ },
    { text: '[{"version":1,"sources":{}}]', problem: /^expected/ },
    { text: `{"version":1,"sources":${'['.repeat(9000)}`, problem: /levels/ },
    {
      text: Object.fromEntries([...Array(101).keys()].map((i) => [`s${i}`, {}])),
      problem: /more than 100 sources/,
    },
    { text: ' '.repeat(1 << 19), problem: /^it is longer than 262144 bytes$/ },
  ])('that cannot be used is a problem: $problem', ({ text, problem }) => {
    const file = fileWith('bad', text);
    const problems = [{ file, code: expect.any(String), problem: expect.stringMatching(problem) }];
    expect(readOutside([file])).toEqual({ lines: [], problems });
  });

  it.each([
    { what: 'a pipe', make: (path: string) => spawnSync('mkfifo', [path]) },
    { what: 'a folder', make: (path: string) => mkdirSync(path) },
    { what: 'a link to itself', make: (path: string) => symlinkSync(path, path) },
    { what: 'a device', make: (path: string) => symlinkSync('/dev/zero', path) },
  ])('that is $what is a problem, and is not waited for', ({ make }) => {
    const path = join(dir, `odd-${Math.random()}`);
    make(path);
    expect(readOutside([path])).toMatchObject({ lines: [], problems: [{ file: path }] });
  });

  it('may have a source that is named as a field of every object', () => {
    const { lines } = readOutside([fileWith('fields', { constructor: { command: ['/x'] } })]);
    expect(lines).toMatchObject([{ name: 'constructor', command: ['/x'] }]);
  });

  it('is a problem, and is not read, in a home that others can change', () => {
    const home = join(dir, 'open');
    const file = fileWith('open/.config/vmssh', { mine: { command: ['/x'] } });
    chmodSync(home, 0o777);
    const problem = `others can change what is in ${home}`;
    expect(outsideLines({ HOME: home })).toEqual({
      lines: [],
      problems: [{ file, code: 'UNTRUSTED', problem: `it is not used: ${problem}` }],
    });
    expect(outsideLines({ HOME: join(dir, 'open/none') }).problems).toEqual([]);
  });

  it('is read once, and again for another home or if that is asked for', () => {
    const home = join(dir, 'once');
    const write = (name: string) => fileWith('once/.config/vmssh', { [name]: { command: ['/x'] } });
    const names = (anew?: boolean) => outsideLines({ HOME: home }, anew).lines.map(({ name }) => name);
    write('one');
    expect(names()).toEqual(['one']);
    write('two');
    expect(names()).toEqual(['one']);
    expect(names(true)).toEqual(['two']);
    expect(outsideLines({ HOME: dir }).lines).toEqual([]);
  });
});

it('no source can have a word of a kind or of a source of vmssh', () => {
  const words = [...kinds, ...sources].map(({ name }) => name);
  expect(words.filter((name) => !builtInWords.includes(name))).toEqual([]);
  expect(words.filter(isOutsideName)).toEqual([]);
});
