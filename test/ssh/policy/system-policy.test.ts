import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemPolicy } from '../../../src/ssh/policy/system-policy.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const me = process.getuid?.() ?? 0;
const policyOf = (path: string, root = me) => systemPolicy('linux', join(dir, path), root);

it.each([
  { name: 'ask', text: 'ask\n', want: 'ask' },
  { name: 'no newline', text: 'accept-new', want: 'accept-new' },
  { name: 'another word', text: 'yes\n', want: 'strict' },
  { name: 'nothing', text: '', want: 'strict' },
  { name: 'two words', text: 'accept-new\nask\n', want: 'strict' },
  { name: 'a long text', text: `accept-new${' '.repeat(200)}`, want: 'strict' },
  { name: 'a file that others can write', text: 'accept-new\n', mode: 0o664, want: 'strict' },
])('with $name the least policy is $want', async ({ name, text, mode = 0o644, want }) => {
  writeFileSync(join(dir, name), text);
  chmodSync(join(dir, name), mode);
  expect(await policyOf(name)).toBe(want);
});

it('is strict if the file is not the one of root, or is none', async () => {
  writeFileSync(join(dir, 'word'), 'accept-new\n', { mode: 0o644 });
  mkdirSync(join(dir, 'folder'));
  expect([await policyOf('word', me + 1), await policyOf('folder')]).toEqual(['strict', 'strict']);
});

it('is nothing where nobody wrote it, and on Windows', async () => {
  writeFileSync(join(dir, 'here'), 'strict\n');
  expect([await policyOf('no/file'), await systemPolicy('win32', join(dir, 'here'))]).toEqual([
    undefined,
    undefined,
  ]);
});
