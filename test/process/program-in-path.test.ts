import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { quietShell, skipRelativeFolders, systemProgram } from '../../src/process/program-in-path.js';
import { run, vmssh } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';

it.each([
  { name: 'SystemRoot', env: { SystemRoot: 'D:\\Win' }, folder: 'D:\\Win' },
  { name: 'SYSTEMROOT', env: { SYSTEMROOT: 'D:\\Win' }, folder: 'D:\\Win' },
  { name: 'none', env: {}, folder: 'C:\\Windows' },
  { name: 'an empty one', env: { SystemRoot: '' }, folder: 'C:\\Windows' },
  { name: 'one of the current folder', env: { SystemRoot: 'Win' }, folder: 'C:\\Windows' },
  { name: 'one of the current drive', env: { SystemRoot: '\\Win' }, folder: 'C:\\Windows' },
])("a program of Windows lies in Windows' folder: $name", ({ env, folder }) => {
  expect(systemProgram('drivers/etc/hosts', env)).toBe(`${folder}\\System32\\drivers\\etc\\hosts`);
});

describe('PATH', () => {
  it.each<{ platform: NodeJS.Platform; path: string; kept: string | undefined }>([
    { platform: 'linux', path: '/usr/bin:/bin', kept: '/usr/bin:/bin' },
    {
      platform: 'linux',
      path: '.:/usr/bin::bin:/bin:',
      kept: '/usr/bin:/bin',
    },
    { platform: 'linux', path: '.', kept: undefined },
    { platform: 'linux', path: '', kept: undefined },
    { platform: 'darwin', path: '..:/bin', kept: '/bin' },
    { platform: 'win32', path: 'C:\\a;;"D:/b c";', kept: 'C:\\a;;"D:/b c";' },
    {
      platform: 'win32',
      path: '.;C:\\a;"C:\\b;c";\\d;C:e;".";//host/f;\\\\host\\g',
      kept: 'C:\\a;"C:\\b;c";//host/f;\\\\host\\g',
    },
    {
      platform: 'win32',
      path: '.;";"',
      kept: 'C:\\Windows\\System32;C:\\Windows;C:\\Windows\\System32\\OpenSSH',
    },
  ])('$path on $platform keeps its absolute folders', ({ platform, path, kept }) => {
    const env: Record<string, string | undefined> = { PATH: path };
    skipRelativeFolders(env, platform);
    expect(env).toEqual(kept === undefined ? {} : { PATH: kept });
  });

  it.each([{ PATH: '.' }, { PATH: '' }, { PATH: ';' }, {}])(
    "is the system's own folders on Windows for %j",
    (path) => {
      const env: Record<string, string | undefined> = { ...path, SystemRoot: 'D:\\Win' };
      skipRelativeFolders(env, 'win32');
      expect(env.PATH).toBe('D:\\Win\\System32;D:\\Win;D:\\Win\\System32\\OpenSSH');
    },
  );

  it('may be missing', () => {
    const env = {};
    skipRelativeFolders(env, 'linux');
    expect(env).toEqual({});
  });
});

describe('the shell by which our ssh starts its ProxyCommand', () => {
  const dir = useTempDir();
  for (const name of ['nologin', 'fish', 'zsh', 'bash'])
    writeFileSync(join(dir, name), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(dir, 'ssh'), '#!/bin/sh\necho "$SHELL $SHLVL" $ZDOTDIR\n', { mode: 0o755 });

  it.each([
    { name: 'nologin', shell: join(dir, 'nologin'), becomes: '/bin/sh' },
    { name: 'fish', shell: join(dir, 'fish'), becomes: '/bin/sh' },
    { name: 'missing', shell: join(dir, 'missing'), becomes: '/bin/sh' },
    { name: 'no program', shell: dir, becomes: '/bin/sh' },
    { name: 'zsh, without its file', shell: join(dir, 'zsh'), becomes: join(dir, 'zsh'), more: ' /dev/null' },
    { name: 'bash', shell: join(dir, 'bash'), becomes: join(dir, 'bash') },
    // ssh starts a program that passes a socket by it, too: ": No such file or directory".
    { name: 'nothing', shell: '', becomes: '/bin/sh' },
    { name: 'none', shell: undefined, becomes: '' },
  ])('is /bin/sh in place of one that may print: $name', async ({ shell, becomes, more = '' }) => {
    const env = { ...process.env, SHELL: shell, SHLVL: '', ZDOTDIR: undefined, VMSSH_SSH: join(dir, 'ssh') };
    expect((await run([...vmssh, 'ssh', '-V'], { env })).stdout).toBe(`${becomes} 1${more}\n`);
  });

  it("keeps the user's own for others to see, a level above none, and Windows as it is", () => {
    const users = { SHELL: '/proc/none', SHLVL: '3', BASH_ENV: '/home/ann/start' };
    const env = { ...users };
    expect(quietShell(env, 'linux')).toEqual(users);
    expect(env).toEqual({ SHELL: '/bin/sh', SHLVL: '3' });
    const onWindows = { SHELL: '/proc/none' };
    expect(quietShell(onWindows, 'win32')).toEqual({});
    expect(onWindows).toEqual({ SHELL: '/proc/none' });
  });
});
