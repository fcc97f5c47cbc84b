import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findOpenSsh } from '../../src/demo/tools.js';
import { useTempDir } from '../helpers/temp-dir.js';

describe('findOpenSsh', () => {
  const dir = useTempDir();
  const { signal } = new AbortController();
  const both = folder('both', ['ssh', 'scp']);
  const find = (PATH: string, stderr: string) =>
    findOpenSsh({ PATH }, signal, async () => ({ exitCode: 0, stdout: '', stderr }));

  it.each([
    { banner: 'OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.19', version: 'OpenSSH_9.2p1', flags: [] },
    { banner: 'OpenSSH_10.0p2 Debian-7, OpenSSL 3.5.1', version: 'OpenSSH_10.0p2', flags: [] },
    { banner: 'OpenSSH_8.9p1 Ubuntu-3, OpenSSL 3.0.2', version: 'OpenSSH_8.9p1', flags: ['-s'] },
  ])('recognizes $version and its scp', async ({ banner, version, flags }) => {
    expect(await find(both, banner)).toEqual({
      ssh: { path: join(both, 'ssh'), version },
      scp: { path: join(both, 'scp'), version },
      scpFlags: flags,
    });
  });

  it.each([
    { name: 'none', path: folder('none', []), banner: '', ssh: 'there is no ssh client in PATH' },
    {
      name: "Dropbear's",
      path: both,
      banner: 'Dropbear v2022.83',
      ssh: `${join(both, 'ssh')} is not OpenSSH's`,
    },
    { name: 'no scp', path: folder('ssh', ['ssh']), banner: 'OpenSSH_9.2p1', ssh: undefined },
    { name: 'an old scp', path: both, banner: 'OpenSSH_8.4p1', ssh: undefined },
    { name: 'a relative PATH', path: 'both:.', banner: '', ssh: 'there is no ssh client in PATH' },
  ])('says what is missing: $name', async ({ path, banner, ssh }) => {
    const found = await find(path, banner);
    expect(found.ssh).toEqual(
      ssh === undefined
        ? expect.objectContaining({ version: banner })
        : expect.objectContaining({ missing: ssh }),
    );
    expect(found.scp).toMatchObject({
      missing: expect.any(String),
      hint: expect.stringMatching(/openssh|OpenSSH/),
    });
  });

  function folder(name: string, programs: readonly string[]): string {
    const path = join(dir, name);
    mkdirSync(path);
    for (const program of programs) {
      writeFileSync(join(path, program), '');
      chmodSync(join(path, program), 0o755);
    }
    mkdirSync(join(path, 'sub'));
    return path;
  }
});
