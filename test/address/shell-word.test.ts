import { describe, expect, it } from 'vitest';
import { shellWord } from '../../src/address/shell-word.js';
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

  it('gets keys and accounts into a script in no other way', () => {
    const keys = hostile.filter((text) => !text.includes('\n') && text !== '');
    const script = setupScript({ port: 22, keys, account: "a'b" });
    const settings = script.slice(script.indexOf('\nport='), script.indexOf('\nPATH='));
    expect(shell(command, `${settings}\nprintf %s "$account $keys"`).stdout).toBe(`a'b ${keys.join('\n')}`);
  });
});

it('refuses a NUL', () => expect(() => shellWord('a\0b')).toThrow(RangeError));
