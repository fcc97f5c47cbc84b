import { join } from 'node:path';
import { expect, it } from 'vitest';
import { otherSpelling } from '../../../src/connect/failures/spelling.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';

const dir = useTempDir();

it.each([
  { files: ['Vm/Mint.sock'], is: true },
  { files: ['vm/Mint.sock', 'vm/MINT.sock'], is: false },
  { files: ['Vm/other'], is: false },
])('a path in lower case is found in other letters, if only one is meant: $files', async ({ files, is }) => {
  const folder = join(dir, `${count++}`);
  writeTree(folder, Object.fromEntries(files.map((file) => [file, ''])));
  const said = await otherSpelling(join(folder, 'vm/mint.sock').toLowerCase());
  const how = 'ssh makes %h lower case, and vmssh proxy --typed %n %h %p keeps it';
  expect(said).toBe(is ? `${join(folder, 'Vm/Mint.sock')} is there: ${how}` : undefined);
});
let count = 0;
