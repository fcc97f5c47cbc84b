import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSystemUser, mayBeSetUserId } from '../../../src/sources/processes/system-user.js';
import { missingPrograms } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const debian = '#SYS_UID_MIN\t\t  101\n#SYS_UID_MAX\t\t  999\nUID_MIN\t\t\t 1000\nUID_MAX\t\t\t60000\n';

let count = 0;
function system(loginDefs: string | undefined) {
  const etcDir = join(dir, `etc-${count++}`);
  mkdirSync(etcDir);
  if (loginDefs !== undefined) writeFileSync(join(etcDir, 'login.defs'), loginDefs);
  return { env: process.env, etcDir };
}

describe('a uid', () => {
  const nologin = 'x:x:0:0::/:/usr/sbin/nologin';
  it.each([
    { name: 'root', uid: 0, want: true },
    { name: 'the last below people', uid: 999, want: true },
    { name: 'the first person', uid: 1000, want: false },
    { name: 'the last one of useradd', uid: 60_000, want: false },
    { name: 'the first person of systemd-homed', uid: 60_001, want: false },
    { name: 'its last', uid: 60_513, want: false },
    { name: 'one that it maps into a container', uid: 60_514, want: false },
    { name: 'a greeter', uid: 60_705, want: false },
    { name: 'the first of a service', uid: 60_706, want: true },
    { name: "Debian's libvirt-qemu", uid: 64_055, want: true },
    { name: 'the last of DynamicUser=', uid: 65_519, want: true },
    { name: 'nobody', uid: 65_534, want: false },
    { name: "a container's", uid: 524_288, want: false },
    { name: 'none', uid: Number.NaN, want: false },
  ])("of a closed account is the system's: $uid, $want ($name)", async ({ uid, want }) => {
    expect(await isSystemUser(uid, system(debian), async () => nologin)).toBe(want);
  });

  it.each([
    ['closed', 'libvirt-qemu:x:64055:107:Libvirt,,,:/var/lib/libvirt:/bin/false', true],
    ["a person's, of a directory", 'anna:x:64055:100:Anna:/home/anna:/bin/bash', false],
    ['one with the default shell', 'anna:x:64055:100:Anna:/home/anna:', false],
    ['one with a name that lies', 'anna:x:64055:100:/bin/false:/home/a:/bin/sh', false],
    ["none, as of Firecracker's jailer", '', true],
    ['not reported', undefined, false],
  ])("above UID_MAX is the system's if its account is $0: $2", async (_name, account, want) => {
    expect(await isSystemUser(64_055, system(debian), async () => account)).toBe(want);
  });

  it.each([
    { name: 'nothing', defs: '', last: 999 },
    { name: 'no file', defs: undefined, last: 999 },
    { name: 'people from 500 on', defs: 'UID_MIN 500\n', last: 499 },
    { name: 'people from 0x7d0 on', defs: 'UID_MIN 0x7d0\n', last: 1999 },
    { name: 'a gap below people', defs: 'SYS_UID_MAX 499 # old\nUID_MIN 1000\n', last: 499 },
    { name: 'a system that reaches into people', defs: 'SYS_UID_MAX 5000\nUID_MIN 1000\n', last: 999 },
    { name: 'no number', defs: 'UID_MIN many\n', last: 999 },
  ])("is the system's up to $last if login.defs says $name", async ({ defs, last }) => {
    const deps = system(defs);
    expect(await Promise.all([last, last + 1].map((uid) => isSystemUser(uid, deps)))).toEqual([true, false]);
  });

  it("is a person's up to the UID_MAX of this host", async () => {
    expect(await isSystemUser(64_055, system('UID_MAX 64999\n'), async () => nologin)).toBe(false);
  });
});

describe.skipIf(missingPrograms({ getent: 'libc-bin' }))('the user database', () => {
  it('is asked by getent', async () => {
    // Nobody has it: Debian keeps this number free (base-passwd).
    expect(await isSystemUser(64_999, { env: process.env })).toBe(true);
  });

  it.each([
    { name: 'is not there', script: undefined },
    { name: 'fails', script: 'echo x:/bin/false; exit 1' },
    { name: 'has no end', script: 'exec yes x:/bin/false' },
  ])('that $name reports nothing', async ({ script }) => {
    const bin = join(dir, `bin-${count++}`);
    mkdirSync(bin);
    if (script)
      writeFileSync(join(bin, 'getent'), `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`, { mode: 0o755 });
    expect(await isSystemUser(64_999, { env: { PATH: bin } })).toBe(false);
  });
});

let made = 0;

/** A process's folder in /proc, with a program of such a mode, or none to see, and who logged in to start it. */
function folder(mode: number | undefined, login: string | undefined, own: string | undefined): string {
  const path = join(dir, String(made++), '7');
  mkdirSync(join(path, '../self'), { recursive: true });
  mkdirSync(path);
  if (own !== undefined) writeFileSync(join(path, '../self/loginuid'), own);
  if (mode !== undefined) {
    writeFileSync(join(path, 'program'), '');
    chmodSync(join(path, 'program'), mode);
    symlinkSync('program', join(path, 'exe'));
  }
  if (login !== undefined) writeFileSync(join(path, 'loginuid'), login);
  return path;
}

describe('a process of the system may run a set-user-ID program', () => {
  const unset = '4294967295';
  it.each<{ name: string; mode: number | undefined; login: string | undefined; own?: string; want: boolean }>(
    [
      { name: 'its program has no such bit', mode: 0o755, login: '1001', want: false },
      { name: 'its program is one', mode: 0o4755, login: undefined, want: true },
      { name: 'its program has the bit for groups', mode: 0o2755, login: undefined, want: true },
      { name: 'unseen, a service', mode: undefined, login: unset, own: '1000', want: false },
      { name: 'unseen, where logins leave no uid', mode: undefined, login: unset, own: unset, want: true },
      { name: "unseen, of root's login", mode: undefined, login: '0', want: false },
      { name: 'unseen, of our login', mode: undefined, login: '1000\n', want: false },
      { name: "unseen, of another one's login", mode: undefined, login: '1001', want: true },
      { name: 'unseen, by a kernel that reports nothing', mode: undefined, login: undefined, want: true },
    ],
  )('$want: $name', async ({ mode, login, own, want }) => {
    expect(await mayBeSetUserId(folder(mode, login, own), 1000)).toBe(want);
  });
});
