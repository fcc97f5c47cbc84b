import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fileAt, fileError } from '../../src/hosts/files.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();

it('a file in UTF-16, which ssh does not read, gets no line: it has to be saved as UTF-8', async () => {
  const path = join(dir, 'config');
  writeFileSync(path, '\ufeffHost a\r\n', 'utf16le');
  await expect(fileAt(path)).rejects.toMatchObject({
    ...{ code: 'EILSEQ', message: `"${path}" has NUL bytes, as UTF-16 has, which ssh does not read` },
    hint: 'save it as UTF-8, in Notepad by "Save as"',
  });
});

it('an error of a file that may not be read says whose it must be', () => {
  expect(fileError(Object.assign(new Error(), { code: 'EACCES' }), '/h/a b', 'read')).toMatchObject({
    hint: "it must be yours: see ls -ld '/h/a b'",
  });
});
