import { posix, win32 } from 'node:path';
import { casesOf } from './case.js';

const posixPaths = ['', ...'. / a a/ /a /a/b a//b/ ./a ../a /../a a/../.. a.b .a'.split(' ')];
const windowsPaths = 'C: C:\\ C:a C:\\a\\b.txt a\\b \\a \\\\s\\share\\a a/b C:\\a\\..\\..\\b'.split(' ');
const all = <T>(paths: readonly string[], of: (path: string) => T) => paths.map(of);

export const path = casesOf({
  normalize: {
    run: () => all(posixPaths, posix.normalize),
    want: ['.', '.', '/', 'a', 'a/', '/a', '/a/b', 'a/b/', 'a', '../a', '/a', '..', 'a.b', '.a'],
  },
  dirname: {
    run: () => all(posixPaths, posix.dirname),
    want: ['.', '.', '/', '.', '.', '/', '/a', 'a/', '.', '..', '/..', 'a/..', '.', '.'],
  },
  basename: {
    run: () => all(posixPaths, (each) => posix.basename(each)),
    want: ['', '.', '', 'a', 'a', 'a', 'b', 'b', 'a', 'a', 'a', '..', 'a.b', '.a'],
  },
  'basename without an ending': {
    run: () => [posix.basename('/a/b.js', '.js'), posix.basename('.js', '.js'), posix.basename('b.js/', 's')],
    want: ['b', '', 'b.j'],
  },
  join: {
    run: () => [
      posix.join(),
      posix.join('', 'a'),
      posix.join('/', 'a', '../b', './c'),
      posix.join('a', '', 'b/'),
    ],
    want: ['.', 'a', '/b/c', 'a/b/'],
  },
  resolve: {
    run: () => [
      posix.resolve('/a', 'b', '../c/'),
      posix.resolve('x', '/y'),
      posix.resolve('') === process.cwd(),
    ],
    want: ['/a/c', '/y', true],
  },
  relative: {
    run: () => [posix.relative('/a/b', '/a/c/d'), posix.relative('/a', '/a'), posix.relative('/', '/x')],
    want: ['../c/d', '', 'x'],
  },
  'the root of parse': {
    run: () => ['/a/b.txt', 'b', '/'].map((path) => posix.parse(path).root),
    want: ['/', '', '/'],
  },
  isAbsolute: { run: () => all(['/a', 'a', ''], posix.isAbsolute), want: [true, false, false] },
  'isAbsolute on Windows': {
    run: () => all(windowsPaths, win32.isAbsolute),
    want: [false, true, false, true, false, true, true, false, true],
  },
  'normalize on Windows': {
    run: () => all(windowsPaths, win32.normalize),
    want: ['C:.', 'C:\\', 'C:a', 'C:\\a\\b.txt', 'a\\b', '\\a', '\\\\s\\share\\a', 'a\\b', 'C:\\b'],
  },
  'dirname on Windows': {
    run: () => all(windowsPaths, win32.dirname),
    want: ['C:', 'C:\\', 'C:', 'C:\\a', 'a', '\\', '\\\\s\\share\\', 'a', 'C:\\a\\..\\..'],
  },
  'basename on Windows': {
    run: () => all(windowsPaths, (each) => win32.basename(each)),
    want: ['', '', 'a', 'b.txt', 'b', 'a', 'a', 'b', 'b'],
  },
  'join on Windows': {
    run: () => [
      win32.join('C:\\a', '..', 'b'),
      win32.join('a', '/b'),
      win32.join('\\', '\\a'),
      win32.join('C:', 'a'),
    ],
    want: ['C:\\b', 'a\\b', '\\a', 'C:\\a'],
  },
});
