import { describe, expect, it } from 'vitest';
import { shellLine, shellQuoted, shellWord, windowsQuoted } from '../../src/address/shell-word.js';
import { setupScript } from '../../src/guest/script.js';
import { shell, shells } from '../helpers/shells.js';

const hostile = [
  ...['', ' ', "'", "''", `it's "me"`, '$(id)', '`id`', '$HOME', '\\', "\\'", 'a\nb', '\t', '*', '~', '-n'],
  ...['!!', '#', ';reboot', '&', '|', '%s', 'ünïcode', "'; rm -rf / #", '$' + '{x}', '\u007f'],
];

describe.each(shells)('$name', ({ command }) => {
  it.each(hostile)('reads %j as one word and as it is', (text) => {
    expect(shell(command, `printf %s. ${shellWord(text)}`).stdout).toBe(`${text}.`);
  });

  it('is how all keys and accounts get into a script', () => {
    const keys = hostile.filter((text) => !text.includes('\n') && text !== '');
    const script = setupScript({ port: 22, keys, account: "a'b" });
    const settings = script.slice(script.indexOf('\nport='), script.indexOf('\nPATH='));
    expect(shell(command, `${settings}\nprintf %s "$account $keys"`).stdout).toBe(`a'b ${keys.join('\n')}`);
  });
});

it('refuses a NUL', () => expect(() => shellWord('a\0b')).toThrow(RangeError));

describe('shellQuoted', () => {
  it.each([
    { input: 'a/b-c_1.2@%', want: 'a/b-c_1.2@%' },
    { input: 'a b', want: "'a b'" },
    { input: "a'b", want: "'a'\\''b'" },
    { input: '', want: "''" },
  ])('$input', ({ input, want }) => expect(shellQuoted(input)).toBe(want));
});

describe.each(shells)('a line for $name', ({ command }) => {
  it('has every word', () => {
    const args = ['printf', '%s.', ...hostile];
    expect(shell(command, shellLine(args)).stdout).toBe(hostile.map((text) => `${text}.`).join(''));
  });
});

describe('windowsQuoted', () => {
  it.each([
    { input: 'C:\\vmssh\\vmssh.exe', want: 'C:\\vmssh\\vmssh.exe' },
    { input: 'HKLM\\Windows NT', want: '"HKLM\\Windows NT"' },
    ...['a&b', 'a|b', '(a)', 'a^b', 'a;b', 'a,b', 'a>b', "it's", ''].map((input) => ({
      input,
      want: `"${input}"`,
    })),
  ])('$input', ({ input, want }) => expect(windowsQuoted(input)).toBe(want));
});
