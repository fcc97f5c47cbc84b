import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostNames, includedTexts, settingsOf } from '../../../src/ssh/config/settings.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';

it.each([
  ['a word', 'Host mint', [{ keyword: 'host', args: ['mint'] }]],
  ['an equals sign', 'Host = mint', [{ keyword: 'host', args: ['mint'] }]],
  ['blanks and tabs', '\t hOsT\t a  b ', [{ keyword: 'host', args: ['a', 'b'] }]],
  ['quotes', 'Include "a b" c', [{ keyword: 'include', args: ['a b', 'c'] }]],
  ['single quotes', "Include 'a b' c", [{ keyword: 'include', args: ['a b', 'c'] }]],
  ['quotes within a word', 'Host a"b c"d', [{ keyword: 'host', args: ['ab cd'] }]],
  ['empty quotes', `Host a"" ''`, [{ keyword: 'host', args: ['a', ''] }]],
  [
    'a backslash before a quote, a blank, another and a letter',
    String.raw`Host a\"b "c\"d" e\ f g\\h \i`,
    [{ keyword: 'host', args: ['a"b', 'c"d', 'e f', 'g\\h', '\\i'] }],
  ],
  [
    'a backslash before a blank in quotes, and at the end',
    String.raw`Host "a\ b" c${'\\'}`,
    [{ keyword: 'host', args: [String.raw`a\ b`, 'c\\'] }],
  ],
  ['the other quotes within quotes', `Host "a'b" 'c"d'`, [{ keyword: 'host', args: ["a'b", 'c"d'] }]],
  ['a number sign in quotes', 'Host "#a" b', [{ keyword: 'host', args: ['#a', 'b'] }]],
  ['a byte order mark only at the start', 'Host a\ufeffb', [{ keyword: 'host', args: ['a\ufeffb'] }]],
  ['a comment after them', 'Host a#b # c', [{ keyword: 'host', args: ['a#b'] }]],
  ['no argument', 'Host', []],
  ['a comment', '# Host mint\n\n', []],
  [
    'Windows line ends after a byte order mark',
    '\ufeffHost a\r\nUser b\r\n',
    [
      { keyword: 'host', args: ['a'] },
      { keyword: 'user', args: ['b'] },
    ],
  ],
  ['a line end of two carriage returns', 'User b\r\r\n', [{ keyword: 'user', args: ['b'] }]],
  ['a form feed at its end', 'User b\f\n', [{ keyword: 'user', args: ['b'] }]],
  ['a line separator', 'User a\u2028b', [{ keyword: 'user', args: ['a\u2028b'] }]],
  ['a carriage return within', 'User a\rb', [{ keyword: 'user', args: ['a\rb'] }]],
  ['a quoted keyword', '"User" b', [{ keyword: 'user', args: ['b'] }]],
  ['quotes within a keyword', 'Us"er" b', [{ keyword: 'user', args: ['b'] }]],
  ['a value right after quotes', 'Us"er"b', [{ keyword: 'user', args: ['b'] }]],
  ['empty quotes before a keyword', '""User b', [{ keyword: 'user', args: ['b'] }]],
  ['an equals sign before it', ' = User = b', [{ keyword: 'user', args: ['b'] }]],
])('reads settings with $0, also if only these are asked for', (_name, text, want) => {
  expect(settingsOf(text, ['host', 'user', 'include'])).toEqual(want);
  expect(settingsOf(text)).toEqual(want);
});

describe('what a configuration includes', () => {
  const home = useTempDir();
  const folder = join(home, '.ssh');
  const write = (path: string, text: string) => writeTree(home, { [path]: text });
  write('.ssh/a.conf', 'A');
  write('.ssh/b.conf', 'B');
  write('.ssh/.hidden.conf', 'hidden');
  write('.ssh/vmssh.conf', 'ours');
  write('.ssh/conf.d/1/x', 'one');
  write('.ssh/conf.d/2/x', 'two');
  write('.ssh/circle', 'Include circle\nInclude circle\nInclude a.conf\n');
  write('.ssh/(odd) +$.conf', 'odd');
  write('elsewhere', 'there');
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  symlinkSync('/dev/zero', join(folder, 'zero'));

  it.each([
    ['is in its folder', 'Include a.conf', ['A']],
    ['is below the home, or absolute', `include=~/elsewhere ${home}/.ssh/a.conf`, ['there', 'A']],
    ['is below the home by a token', 'Include %d/elsewhere', ['there']],
    ['has a variable and a token in its name', `Include \${NAME}.conf %h.conf`, ['B', 'odd', 'A']],
    ['fits a pattern', 'Include ?.conf', ['A', 'B']],
    ['fits one with brackets', 'Include [ab].conf', ['A', 'B']],
    ['fits a pattern of folders', 'Include conf.d/*/x', ['one', 'two']],
    ['is not vmssh.conf, nor hidden', 'Include *.conf', ['odd', 'A', 'B']],
    ['has characters of regular expressions', 'Include "(odd) +$.c*"', ['odd']],
    ['includes more, and itself', 'Host b\n  Include circle\r\n', expect.arrayContaining(['A'])],
    ['is a FIFO, a device or a folder', 'Include pipe zero conf.d a.conf', ['', '', '', 'A']],
    ['is not there', 'Include none nowhere/*\n# Include a.conf', ['']],
  ])('is found if it $0', async (_name, text, want) => {
    expect(await includedTexts(text, folder, join(folder, 'vmssh.conf'), { NAME: 'b' })).toEqual(want);
  });
});

describe('names that a configuration has', () => {
  it('are the concrete ones of Host lines', () => {
    const config = 'Host Git *.example !x "Q w"\n  host=b\r\nHostName c\nMatch host d\n# Host e\n';
    expect([...hostNames(config)]).toEqual(['git', 'q w', 'b']);
  });

  it('are none without characters', () => {
    expect([...hostNames('Host "" a\nHost b "')]).toEqual(['a', 'b']);
  });
});
