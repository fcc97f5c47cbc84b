import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, replaceFile } from '../../src/ssh/replace-file.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const read = (path: string) => ({ text: readFileSync(path, 'utf8'), mode: statSync(path).mode & 0o777 });

describe('replacing a file', () => {
  it('makes a new one with the mode that is given', async () => {
    await replaceFile(join(dir, 'new'), 'a', 0o600);
    expect(read(join(dir, 'new'))).toEqual({ text: 'a', mode: 0o600 });
  });

  it('keeps the mode of an old one', async () => {
    const path = join(dir, 'old');
    writeFileSync(path, 'old');
    chmodSync(path, 0o640);
    await replaceFile(path, 'new', 0o600);
    expect(read(path)).toEqual({ text: 'new', mode: 0o640 });
  });

  it('follows links, also to a file that is not there yet', async () => {
    mkdirSync(join(dir, 'real'));
    symlinkSync('real/file', join(dir, 'second'));
    symlinkSync(join(dir, 'second'), join(dir, 'first'));
    for (const text of ['one', 'two']) {
      await replaceFile(join(dir, 'first'), text, 0o600);
      expect(read(join(dir, 'real/file')).text).toBe(text);
    }
    expect(readlinkSync(join(dir, 'first'))).toBe(join(dir, 'second'));
    expect(readdirSync(join(dir, 'real'))).toEqual(['file']);
  });

  it('leaves nothing behind where it fails', async () => {
    mkdirSync(join(dir, 'full/target'), { recursive: true });
    await expect(replaceFile(join(dir, 'full/target'), 'x', 0o600)).rejects.toMatchObject({ code: 'EISDIR' });
    expect(readdirSync(join(dir, 'full'))).toEqual(['target']);
    await expect(replaceFile(join(dir, 'absent/x'), 'x', 0o600)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  const root = process.getuid?.() === 0;
  it.skipIf(!root)(
    'by root keeps its owner, and a new one has the folder’s (skipped: run as root)',
    async () => {
      mkdirSync(join(dir, 'user'));
      chownSync(join(dir, 'user'), 1234, 1235);
      await makeFolder(join(dir, 'user/.ssh'));
      await replaceFile(join(dir, 'user/.ssh/new'), 'a', 0o600);
      chownSync(join(dir, 'user/.ssh/new'), 4321, 1235);
      await replaceFile(join(dir, 'user/.ssh/new'), 'b', 0o600);
      await replaceFile(join(dir, 'user/.ssh/newer'), 'c', 0o600);
      const owners = ['.ssh', '.ssh/new', '.ssh/newer'].map((name) => statSync(join(dir, 'user', name)));
      expect(owners.map(({ uid, gid }) => [uid, gid])).toEqual([
        [1234, 1235],
        [4321, 1235],
        [1234, 1235],
      ]);
    },
  );
});
