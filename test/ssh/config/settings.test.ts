import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { includedTexts, settingsOf } from '../../../src/ssh/config/settings.js';
import { useTempDir } from '../../helpers/temp-dir.js';

it.each([
  { name: 'a word', text: 'Host mint', want: [{ keyword: 'host', args: ['mint'] }] },
  { name: 'an equals sign', text: 'Host = mint', want: [{ keyword: 'host', args: ['mint'] }] },
  { name: 'blanks and tabs', text: '\t hOsT\t a  b ', want: [{ keyword: 'host', args: ['a', 'b'] }] },
  { name: 'quotes', text: 'Include "a b" c', want: [{ keyword: 'include', args: ['a b', 'c'] }] },
  { name: 'single quotes', text: "Include 'a b' c", want: [{ keyword: 'include', args: ['a b', 'c'] }] },
  { name: 'quotes within a word', text: 'Host a"b c"d', want: [{ keyword: 'host', args: ['ab cd'] }] },
  { name: 'empty quotes', text: `Host a"" ''`, want: [{ keyword: 'host', args: ['a', ''] }] },
  {
    name: 'a backslash before a quote, a blank, another and a letter',
    text: String.raw`Host a\"b "c\"d" e\ f g\\h \i`,
    want: [{ keyword: 'host', args: ['a"b', 'c"d', 'e f', 'g\\h', '\\i'] }],
  },
  {
    name: 'a backslash before a blank in quotes, and at the end',
    text: String.raw`Host "a\ b" c${'\\'}`,
    want: [{ keyword: 'host', args: [String.raw`a\ b`, 'c\\'] }],
  },
  {
    name: 'the other quotes within quotes',
    text: `Host "a'b" 'c"d'`,
    want: [{ keyword: 'host', args: ["a'b", 'c"d'] }],
  },
  { name: 'a number sign in quotes', text: 'Host "#a" b', want: [{ keyword: 'host', args: ['#a', 'b'] }] },
  {
    name: 'a byte order mark only at the start',
    text: 'Host a\ufeffb',
    want: [{ keyword: 'host', args: ['a\ufeffb'] }],
  },
  { name: 'a comment after them', text: 'Host a#b # c', want: [{ keyword: 'host', args: ['a#b'] }] },
  { name: 'no argument', text: 'Host', want: [] },
  { name: 'a comment', text: '# Host mint\n\n', want: [] },
  {
    name: 'Windows line ends after a byte order mark',
    text: '\ufeffHost a\r\nUser b\r\n',
    want: [
      { keyword: 'host', args: ['a'] },
      { keyword: 'user', args: ['b'] },
    ],
  },
  {
    name: 'a line end of two carriage returns',
    text: 'User b\r\r\n',
    want: [{ keyword: 'user', args: ['b'] }],
  },
  { name: 'a form feed at its end', text: 'User b\f\n', want: [{ keyword: 'user', args: ['b'] }] },
  { name: 'a line separator', text: 'User a\u2028b', want: [{ keyword: 'user', args: ['a\u2028b'] }] },
  { name: 'a carriage return within', text: 'User a\rb', want: [{ keyword: 'user', args: ['a\rb'] }] },
  { name: 'a quoted keyword', text: '"User" b', want: [{ keyword: 'user', args: ['b'] }] },
  { name: 'quotes within a keyword', text: 'Us"er" b', want: [{ keyword: 'user', args: ['b'] }] },
  { name: 'a value right after quotes', text: 'Us"er"b', want: [{ keyword: 'user', args: ['b'] }] },
  { name: 'empty quotes before a keyword', text: '""User b', want: [{ keyword: 'user', args: ['b'] }] },
  { name: 'an equals sign before it', text: ' = User = b', want: [{ keyword: 'user', args: ['b'] }] },
])('reads settings with $name, also if only these are asked for', ({ text, want }) => {
  expect(settingsOf(text, ['host', 'user', 'include'])).toEqual(want);
  expect(settingsOf(text)).toEqual(want);
});

describe('what a configuration includes', () => {
  const home = useTempDir();
  const folder = join(home, '.ssh');
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  };
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
    { name: 'is in its folder', text: 'Include a.conf', want: ['A'] },
    {
      name: 'is below the home, or absolute',
      text: `include=~/elsewhere ${home}/.ssh/a.conf`,
      want: ['there', 'A'],
    },
    { name: 'is below the home by a token', text: 'Include %d/elsewhere', want: ['there'] },
    {
      name: 'has a variable and a token in its name',
      text: `Include \${NAME}.conf %h.conf`,
      want: ['B', 'odd', 'A'],
    },
    { name: 'fits a pattern', text: 'Include ?.conf', want: ['A', 'B'] },
    { name: 'fits one with brackets', text: 'Include [ab].conf', want: ['A', 'B'] },
    { name: 'fits a pattern of folders', text: 'Include conf.d/*/x', want: ['one', 'two'] },
    { name: 'is not vmssh.conf, nor hidden', text: 'Include *.conf', want: ['odd', 'A', 'B'] },
    { name: 'has characters of regular expressions', text: 'Include "(odd) +$.c*"', want: ['odd'] },
    {
      name: 'includes more, and itself',
      text: 'Host b\n  Include circle\r\n',
      want: expect.arrayContaining(['A']),
    },
    {
      name: 'is a FIFO, a device or a folder',
      text: 'Include pipe zero conf.d a.conf',
      want: ['', '', '', 'A'],
    },
    { name: 'is not there', text: 'Include none nowhere/*\n# Include a.conf', want: [''] },
  ])('is found if it $name', async ({ text, want }) => {
    expect(await includedTexts(text, folder, join(folder, 'vmssh.conf'), { NAME: 'b' })).toEqual(want);
  });
});
