import { expect, test } from 'vitest';
import { debianMirror } from '../../build/debian-mirror.js';

test.each([
  ['one-line', 'deb http://mirror.example/debian bookworm main\n'],
  ['one-line with options', '# a comment\ndeb [arch=amd64] http://mirror.example/debian/ trixie main\n'],
  ['deb822', 'Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie\n'],
  ['deb822 with a slash', 'Types: deb\nURIs: http://mirror.example/debian/\nSuites: trixie\n'],
])('the mirror of a $0 source', (_name, text) => {
  expect(debianMirror({}, ['deb http://other.example/apt stable main\n', text])).toBe(
    'http://mirror.example/debian',
  );
});

test('a requested mirror comes first, and a missing one is reported', () => {
  const env = { VMSSH_TEST_MIRROR: 'http://mine.example/debian' };
  expect(debianMirror(env, ['deb http://mirror.example/debian sid main\n'])).toBe(
    'http://mine.example/debian',
  );
  expect(() => debianMirror({}, ['deb http://mirror.example/ubuntu noble main\n'])).toThrow(
    'VMSSH_TEST_MIRROR',
  );
});
