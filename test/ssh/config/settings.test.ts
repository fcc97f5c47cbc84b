import { expect, it } from 'vitest';
import { settingsOf } from '../../../src/ssh/config/settings.js';

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
])('reads settings with $name', ({ text, want }) => expect(settingsOf(text)).toEqual(want));
