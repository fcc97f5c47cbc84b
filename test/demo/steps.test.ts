import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findOpenSsh, makeWorkspace } from '../../src/demo/steps.js';
import { useTempDir } from '../helpers/temp-dir.js';

describe('findOpenSsh', () => {
  const dir = useTempDir();
  const { signal } = new AbortController();
  const both = folder('both', ['ssh', 'scp']);
  const find = (PATH: string, stderr: string) =>
    findOpenSsh({ PATH }, signal, async () => ({ code: 0, stdout: '', stderr }));

  it.each([
    { banner: 'OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.19', name: 'OpenSSH_9.2p1', flags: [] },
    { banner: 'OpenSSH_10.0p2 Debian-7, OpenSSL 3.5.1', name: 'OpenSSH_10.0p2', flags: [] },
    { banner: 'OpenSSH_8.9p1 Ubuntu-3, OpenSSL 3.0.2', name: 'OpenSSH_8.9p1', flags: ['-s'] },
  ])('recognizes $name and its scp', async ({ banner, flags }) => {
    expect(await find(both, banner)).toMatchObject({
      ssh: { path: join(both, 'ssh') },
      scp: { path: join(both, 'scp') },
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
    expect(found.ssh).toMatchObject(ssh === undefined ? { path: join(path, 'ssh') } : { missing: ssh });
    const why = { missing: expect.any(String), hint: expect.stringMatching(/openssh|OpenSSH/) };
    expect(found.scp).toEqual(why);
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

describe('makeWorkspace', () => {
  const dir = useTempDir();

  it.each([
    { name: 'short', folder: 'T', taken: true },
    { name: 'deep', folder: 'd'.repeat(90), taken: false },
    { name: 'with a space', folder: 'a b', taken: false },
    { name: 'with a percent', folder: 'a%b', taken: false },
    { name: 'with a colon', folder: 'a:b', taken: false },
    { name: 'with a letter outside ASCII', folder: 'ä', taken: false },
  ])('in a temp folder that is $name: $taken', ({ folder, taken }) => {
    const temp = join(dir, folder);
    mkdirSync(temp);
    const workspace = makeWorkspace(temp);
    expect(workspace.folder.startsWith(taken ? `${temp}/vmssh-demo-` : '/tmp/vmssh-demo-')).toBe(true);
    expect(Buffer.byteLength(workspace.socket)).toBeLessThanOrEqual(107);
    expect(statSync(workspace.folder).mode & 0o777).toBe(0o700);
    expect(statSync(workspace.write('key', 'x')).mode & 0o777).toBe(0o600);
    workspace.remove();
    workspace.remove();
    expect(existsSync(workspace.folder)).toBe(false);
  });
});
