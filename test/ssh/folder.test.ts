import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { routesFile } from '../../src/book/remembered.js';
import { recordFolders } from '../../src/keys/record.js';
import { ownEnv } from '../../src/sources/trusted-env.js';
import {
  accountOf,
  gitHome,
  knownHostsFile,
  otherHome,
  ownAccount,
  sshFolder,
  stateFolder,
} from '../../src/ssh/folder.js';
import { lifeline } from '../helpers/lifeline.js';
import { missingRoot } from '../helpers/other-user.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
/** A home that nobody has. */
const ann = join(dir, 'ann');

describe("the folder of ssh's files", () => {
  it.each([
    { env: { HOME: ann }, want: `${ann}/.ssh` },
    { env: { HOME: '', USERPROFILE: '/profile' }, want: '/passwd/.ssh' },
    { env: {}, want: '/passwd/.ssh' },
    { env: { HOME: '/c/git', USERPROFILE: '/profile' }, platform: 'win32', want: '/profile/.ssh' },
    { env: { HOME: '/c/git' }, platform: 'win32', want: '/passwd/.ssh' },
    ...['Users\\ann', '\\x'].map(
      (USERPROFILE) => ({ env: { USERPROFILE }, platform: 'win32', want: '/passwd/.ssh' }) as const,
    ),
    { env: { HOME: 'ann' }, want: '/passwd/.ssh' },
  ] as const)('with $env is $want', ({ env, want, ...more }) => {
    const platform = 'platform' in more ? more.platform : 'linux';
    expect(sshFolder(env, platform, () => '/passwd')).toBe(want);
  });

  it('is never a relative one', () => {
    expect(sshFolder({ HOME: '' })).toBe(join(userInfo().homedir, '.ssh'));
  });
});

describe('the folder of the state', () => {
  const HOME = ann;
  const win32 = { USERPROFILE: 'C:/Users/ann', LOCALAPPDATA: 'D:/Local' };
  it.each([
    { env: { HOME }, want: `${ann}/.local/state/vmssh` },
    { env: { HOME, LOCALAPPDATA: '/x' }, want: `${ann}/.local/state/vmssh` },
    { env: { HOME, XDG_STATE_HOME: dir }, want: `${dir}/vmssh` },
    { env: { HOME, XDG_STATE_HOME: `${dir}/not-there` }, want: `${dir}/not-there/vmssh` },
    { env: { HOME, XDG_STATE_HOME: '' }, want: `${ann}/.local/state/vmssh` },
    { env: { HOME, XDG_STATE_HOME: 'state' }, want: `${ann}/.local/state/vmssh` },
    { env: win32, platform: 'win32', want: 'D:/Local/vmssh' },
    {
      env: { ...win32, LOCALAPPDATA: 'Local' },
      platform: 'win32',
      want: 'C:/Users/ann/AppData/Local/vmssh',
    },
    {
      env: { ...win32, LOCALAPPDATA: '', XDG_STATE_HOME: '/x' },
      platform: 'win32',
      want: 'C:/Users/ann/AppData/Local/vmssh',
    },
  ] as const)('with $env is $want', ({ env, want, ...more }) => {
    expect(stateFolder(env, 'platform' in more ? more.platform : 'linux')).toBe(want);
  });

  it('is not where everybody can write', () => {
    const open = join(dir, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    expect(stateFolder({ HOME, XDG_STATE_HOME: open }, 'linux')).toBe(`${ann}/.local/state/vmssh`);
    expect(stateFolder({ HOME: open }, 'linux')).toBe(join(userInfo().homedir, '.local/state/vmssh'));
  });
});

describe('the home that ssh takes', () => {
  const ask = (HOME: string, home: string, platform: NodeJS.Platform = 'linux') =>
    otherHome({ HOME }, platform, () => home);

  it('is reported if HOME is another', () => {
    expect(ask(join(dir, 'other'), ann)).toBe(ann);
  });

  it('is not reported if it is the same, by any path, or on Windows', () => {
    mkdirSync(join(dir, 'real'));
    symlinkSync('real', join(dir, 'link'));
    expect(ask(join(dir, 'link'), join(dir, 'real'))).toBeUndefined();
    expect(ask(`${ann}/`, `${ann}/`)).toBeUndefined();
    expect(ask('', ann)).toBeUndefined();
    expect(ask(join(dir, 'x'), ann, 'win32')).toBeUndefined();
  });

  it('is not known for a user without an entry', () => {
    expect(otherHome({ HOME: ann }, 'linux', () => undefined)).toBeUndefined();
  });
});

describe("the home of Git's ssh on Windows", () => {
  const USERPROFILE = 'C:\\Users\\Ann';
  it.each([
    { env: { HOME: 'D:\\home' }, home: 'D:\\home' },
    { env: { HOME: '/d/home' }, home: 'd:/home' },
    { env: { HOMEDRIVE: dir, HOMEPATH: '/' }, home: dir },
    { env: { HOMEDRIVE: dir, HOMEPATH: '/gone' }, home: undefined },
    { env: { HOME: '', HOMEDRIVE: '', HOMEPATH: '' }, home: undefined },
    { env: { HOME: 'c:/users/ann/', HOMEDRIVE: dir, HOMEPATH: '/' }, home: undefined },
    { env: { HOME: '/c/Users/Ann' }, home: undefined },
  ])('with $env is $home', ({ env, home }) => {
    expect(gitHome({ USERPROFILE, ...env })?.home).toBe(home);
  });
});

const { PATH } = process.env;
afterEach(() => {
  process.env.PATH = PATH;
});

/** Programs that are found before those of the system. */
function programs(name: string, scripts: Readonly<Record<string, string | undefined>>): string {
  const folder = join(dir, name);
  mkdirSync(folder);
  for (const [program, script] of Object.entries(scripts))
    writeFileSync(join(folder, program), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return folder;
}

describe.skipIf(process.platform !== 'linux')('who calls', () => {
  const { username: name, homedir: home } = userInfo();

  it('is known by the password database', () => {
    expect(ownAccount()).toMatchObject({ name, home });
    expect(accountOf(process.getuid?.())).toMatchObject({ name, home, uid: process.getuid?.() });
  });

  it('is another user, or none', () => {
    expect(accountOf(0)).toMatchObject({ name: 'root', home: '/root' });
    expect(accountOf(0xffff_fff0)).toBeUndefined();
  });

  it('is not known if the database does not answer', async () => {
    const { hold, gone } = lifeline(join(dir, 'hangs.fifo'));
    process.env.PATH = `${programs('hangs', { getent: `${hold}; sleep 1000; echo` })}:${PATH}`;
    expect(accountOf(0, 1)).toBeUndefined();
    await gone;
  });

  it.each([
    { name: 'getent', scripts: { timeout: 'exit 127' } },
    { name: 'timeout', scripts: {} },
  ])('is known without $name', ({ name: missing, scripts }) => {
    process.env.PATH = programs(missing, scripts);
    expect(accountOf(process.getuid?.())).toEqual({ name, home });
  });
});

describe('the file of host keys', () => {
  it("is in ssh's folder", () => {
    expect(knownHostsFile({ HOME: ann })).toBe(`${ann}/.ssh/vmssh_known_hosts`);
    expect(knownHostsFile({ HOME: dir })).toBe(join(dir, '.ssh/vmssh_known_hosts'));
  });

  it.skipIf(missingRoot('a HOME of another user'))("is root's own even with the HOME of another user", () => {
    mkdirSync(join(dir, 'theirs'));
    chownSync(join(dir, 'theirs'), 1234, 1234);
    const own = join(userInfo().homedir, '.ssh/vmssh_known_hosts');
    expect(knownHostsFile({ HOME: join(dir, 'theirs') })).toBe(own);
    expect(routesFile({ HOME: join(dir, 'theirs') })).toBe(
      join(userInfo().homedir, '.local/state/vmssh/routes.json'),
    );
    // Which its owner can make another one at any time.
    symlinkSync(dir, join(dir, 'theirs/link'));
    lchownSync(join(dir, 'theirs/link'), 1234, 1234);
    for (const HOME of ['theirs/link', 'theirs/none'].map((name) => join(dir, name))) {
      expect(stateFolder({ HOME })).toBe(join(userInfo().homedir, '.local/state/vmssh'));
      expect(stateFolder({ HOME: dir, XDG_STATE_HOME: HOME })).toBe(join(dir, '.local/state/vmssh'));
      expect([...recordFolders({ XDG_RUNTIME_DIR: HOME })]).toEqual(['/run/vmssh']);
      expect(ownEnv({ TMPDIR: HOME }).TMPDIR).toBeUndefined();
    }
    expect(ownEnv({ TMPDIR: '/tmp' }).TMPDIR).toBe('/tmp');
  });
});
