import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeArchive } from '../../../build/package/archive.js';
import { run } from '../../helpers/run.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';

describe('the tarball for any Linux', () => {
  const dir = useTempDir();
  const from = join(dir, 'executable');
  const tarball = join(dir, 'vmssh-1.2.3-linux-x64.tar.gz');
  const umask = process.umask();
  afterAll(() => void process.umask(umask));
  beforeAll(async () => {
    // As a careful builder has it.
    process.umask(0o077);
    writeTree(from, { vmssh: '', LICENSES: 'QuickJS-ng: of its authors\n' });
    await makeArchive(from, tarball);
  });

  it('is one folder that can be copied to a prefix', async () => {
    const { stdout } = await run(['tar', '-tvzf', tarball]);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/));
    for (const [mode, owner, , , , path] of rows) {
      expect(path).toMatch(/^vmssh-1\.2\.3-linux-x64\/(bin|share)\//);
      expect(owner).toBe('0/0');
      expect(mode).toMatch(/^(-rw-r--r--|-rwxr-xr-x|lrwxrwxrwx)$/);
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

  it('leaves folders that are there already as they are', async () => {
    const prefix = join(dir, 'prefix');
    mkdirSync(join(prefix, 'bin'), { recursive: true });
    chmodSync(join(prefix, 'bin'), 0o751);
    const to = ['-C', prefix, '--strip-components=1', '--no-same-owner', '--same-permissions'];
    expect(await run(['tar', '-xzf', tarball, ...to])).toMatchObject({ code: 0 });
    expect(statSync(join(prefix, 'bin')).mode & 0o777).toBe(0o751);
    expect(statSync(join(prefix, 'bin')).mtime.getFullYear()).not.toBe(1970);
    expect(statSync(join(prefix, 'bin/vmssh')).mode & 0o777).toBe(0o755);
  });

  it('is the same made again', async () => {
    const first = readFileSync(tarball);
    await makeArchive(from, tarball);
    expect(readFileSync(tarball).equals(first)).toBe(true);
  });
});
