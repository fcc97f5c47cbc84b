import { describe, expect, it } from 'vitest';
import {
  configArgument,
  isForLine,
  pathArgument,
  proxyCommand,
  proxyWord,
} from '../../../src/ssh/config/word.js';

it('a line for ssh may have every character but those that end it, or control a terminal', () => {
  for (let unit = 0; unit <= 0xffff; unit++) {
    const character = String.fromCharCode(unit);
    const isBad = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u.test(character);
    expect([unit, isForLine(`a${character}b`)]).toEqual([unit, !isBad]);
  }
});

describe('an argument', () => {
  it.each(['mint', '/a/b-c.d', 'C:/x', '~/.ssh/id_%h', 'a@b,c+d'])('stays as it is: %s', (text) =>
    expect(configArgument(text)).toBe(text),
  );

  it.each([
    { name: 'a blank at its start', text: ' a', want: '" a"' },
    { name: 'a blank at its end', text: 'a ', want: '"a "' },
    { name: 'a comment', text: '#a', want: '"#a"' },
    { name: 'quotes and a backslash', text: String.raw`a"b\c`, want: String.raw`"a\"b\\c"` },
    { name: 'nothing', text: '', want: '""' },
  ])('is quoted if it has $name', ({ text, want }) => expect(configArgument(text)).toBe(want));

  it('has each percent of a path twice', () => {
    expect(pathArgument('/a%h/b%')).toBe('/a%%h/b%%');
  });
});

describe('a word of a ProxyCommand', () => {
  it.each([
    { name: 'a plain one', text: 'vsock/3', want: 'vsock/3' },
    { name: 'a percent', text: '%h', want: '%%h' },
    { name: 'a blank at its start', text: ' a', want: "' a'" },
    { name: 'a command at its end', text: 'a;b', want: "'a;b'" },
    { name: 'a quote', text: "a'b", want: String.raw`'a'\''b'` },
    { name: 'a backslash', text: String.raw`a\b`, want: String.raw`'a'\\'b'` },
  ])('is safe in a shell: $name', ({ text, want }) => expect(proxyWord(text)).toBe(want));
});

it.each([
  { name: 'a line end', text: 'a\nUser root' },
  { name: 'an escape', text: 'a\x1b[2J' },
  { name: 'a change of direction', text: 'a\u202eb' },
  { name: 'a line separator', text: 'a\u2028b' },
])('$name is refused, and shown as text', ({ text }) => {
  for (const word of [configArgument, pathArgument, proxyWord])
    expect(() => word(text)).toThrow(
      /^text with control characters cannot be written to an ssh_config: [\x20-\x7e]+$/,
    );
});

it.each([
  { name: 'as Node has them', text: '/home/a\ufffd/vmssh' },
  { name: 'as the executable has them', text: '/home/a\udce9/vmssh' },
])('bytes that are not UTF-8 are refused, $name', ({ text }) => {
  for (const word of [configArgument, pathArgument, proxyWord])
    expect(() => word(text)).toThrow(
      /^text with bytes that are not UTF-8 cannot be written to an ssh_config: /,
    );
  expect(proxyWord('/home/\u{1f600}')).toBe("'/home/\u{1f600}'");
});

it.each([
  ['was typed', { bring: true, namesUser: true }, "--bring-sshd --login '%r' docker/web"],
  ['is whom ssh takes', { bring: true }, "--bring-sshd --ssh-user '%r' docker/web"],
  ['is no question', { namesUser: true }, 'proxy docker/web'],
])('the user of an sshd that is brought $0', (_name, options, want) => {
  expect(proxyCommand({ program: ['vmssh'], target: 'docker/web', ...options })).toContain(`${want} %p`);
});
