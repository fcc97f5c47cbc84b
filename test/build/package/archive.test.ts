import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeArchive } from '../../../build/package/archive.js';
import { run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

describe('the tarball for any Linux', () => {
  const dir = useTempDir();
  const from = join(dir, 'executable');
  const tarball = join(dir, 'vmssh-1.2.3-linux-x64.tar.gz');
  beforeAll(async () => {
    mkdirSync(from);
    writeFileSync(join(from, 'vmssh'), '');
    writeFileSync(join(from, 'LICENSES'), 'QuickJS-ng: of its authors\n');
    await makeArchive(from, tarball);
  });

  it('is one folder that can be copied to a prefix', async () => {
    const { stdout } = await run(['tar', '-tvzf', tarball]);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/));
    for (const [mode, owner, , , , path] of rows) {
      expect(path).toMatch(/^vmssh-1\.2\.3-linux-x64\/(bin\/|share\/|$)/);
      expect(owner).toBe('0/0');
      expect(mode).toMatch(/^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x|lrwxrwxrwx)$/);
    }
    const modes = Object.fromEntries(
      rows.map(([mode, , , , , path = '']) => [path.replace(/^[^/]*\//, ''), mode]),
    );
    expect(modes).toMatchObject({
      'bin/vmssh': '-rwxr-xr-x',
      'bin/vsock-nc': 'lrwxrwxrwx',
      'share/man/man1/vmssh.1.gz': '-rw-r--r--',
      'share/bash-completion/completions/vmssh': '-rw-r--r--',
      'share/zsh/site-functions/_vmssh': '-rw-r--r--',
      'share/fish/vendor_completions.d/vmssh.fish': '-rw-r--r--',
      'share/doc/vmssh/copyright': '-rw-r--r--',
      'share/doc/vmssh/docs/install.md': '-rw-r--r--',
    });
  });

  it('is the same made again', async () => {
    const first = readFileSync(tarball);
    await makeArchive(from, tarball);
    expect(readFileSync(tarball).equals(first)).toBe(true);
  });
});
