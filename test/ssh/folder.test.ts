import { mkdirSync, symlinkSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { otherHome, sshFolder } from '../../src/ssh/folder.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();

describe("the folder of ssh's files", () => {
  it.each([
    { env: { HOME: '/home/ann' }, want: '/home/ann/.ssh' },
    { env: { HOME: '', USERPROFILE: '/profile' }, want: '/passwd/.ssh' },
    { env: {}, want: '/passwd/.ssh' },
    { env: { HOME: '/c/git', USERPROFILE: '/profile' }, platform: 'win32', want: '/profile/.ssh' },
    { env: { HOME: '/c/git' }, platform: 'win32', want: '/passwd/.ssh' },
  ] as const)('with $env is $want', ({ env, want, ...more }) => {
    const platform = 'platform' in more ? more.platform : 'linux';
    expect(sshFolder(env, platform, () => '/passwd')).toBe(want);
  });

  it('is never a relative one', () => {
    expect(sshFolder({ HOME: '' })).toBe(join(userInfo().homedir, '.ssh'));
  });
});

describe('the home that ssh takes', () => {
  const ask = (HOME: string, home: string, platform: NodeJS.Platform = 'linux') =>
    otherHome({ HOME }, platform, () => home);

  it('is reported if HOME is another', () => {
    expect(ask('/tmp/x', '/home/ann')).toBe('/home/ann');
  });

  it('is not reported if it is the same, by any path, or on Windows', () => {
    mkdirSync(join(dir, 'real'));
    symlinkSync('real', join(dir, 'link'));
    expect(ask(join(dir, 'link'), join(dir, 'real'))).toBeUndefined();
    expect(ask('/home/ann/', '/home/ann/')).toBeUndefined();
    expect(ask('', '/home/ann')).toBeUndefined();
    expect(ask('/tmp/x', '/home/ann', 'win32')).toBeUndefined();
  });

  it('is not known for a user without an entry', () => {
    expect(otherHome({ HOME: '/x' }, 'linux', () => undefined)).toBeUndefined();
  });
});
