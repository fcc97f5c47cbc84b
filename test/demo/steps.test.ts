import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSsh, makeWorkspace } from '../../src/demo/steps.js';
import { useTempDir } from '../helpers/temp-dir.js';

describe('findSsh', () => {
  const dir = useTempDir();
  const { signal } = new AbortController();
  const own = join(dir, 'own');
  mkdirSync(own);
  writeFileSync(join(own, 'ssh'), '', { mode: 0o755 });

  it.each([
    { name: "OpenSSH's", path: own, banner: 'OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.19', missing: '' },
    { name: 'none', path: dir, banner: '', missing: 'there is no ssh client in PATH' },
    { name: "Dropbear's", path: own, banner: 'Dropbear v2022.83', missing: `${own}/ssh is not OpenSSH's` },
    { name: 'a relative PATH', path: 'own:.', banner: '', missing: 'there is no ssh client in PATH' },
  ])('says what is missing: $name', async ({ path: PATH, banner, missing }) => {
    const ended = async () => ({ code: 0, stdout: '', stderr: banner });
    expect(await findSsh({ PATH }, signal, ended)).toEqual({
      ...(missing === '' ? { path: join(own, 'ssh') } : {}),
      missing,
      hint: 'apt-get install openssh-client',
    });
  });
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
