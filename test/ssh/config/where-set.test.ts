import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSsh } from '../../../src/process/ssh-log.js';
import { whereSet } from '../../../src/ssh/config/users-files.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const [main, more] = ['main', 'more'].map((name) => join(dir, name));
const read = (path: string | undefined) => `debug1: Reading configuration data ${path}\r\n`;
const applied = (path: string | undefined, line: number) =>
  `debug1: ${path} line ${line}: Applying options for *\r\n`;

it.each([
  ['of the first block', 'Host *\nUser a\nUser b\n', '', 'main line 2'],
  ['not of a Host for another', 'Host x\nUser a\nHost y\nUser z\nHost *\nUser b', '', 'main line 6'],
  ['of what is included above it', 'Include more\nUser a', 'User b', 'more line 1'],
  ['below what is included, without it there', 'Include more\nUser a', 'Port 1', 'main line 2'],
  ['of a Match', 'Match all\nUser a', '', 'main line 2'],
  ['of none', 'Port 1', '', undefined],
])('the line that ssh took: %s', async (_name, text, included, want) => {
  writeTree(dir, { main: text, more: included });
  const line = text.split('\n').indexOf('Host *') + 1;
  const said = `${read(main)}${line > 0 ? applied(main, line) : ''}${read(more)}`;
  const where = await whereSet('user', readSsh(said));
  expect(where?.replace(`${dir}/`, '')).toBe(want);
});
