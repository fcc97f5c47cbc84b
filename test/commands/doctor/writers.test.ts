import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  isBroad,
  openFolders,
  openPrograms,
  programChecks,
  rights,
  writersByAccessList,
} from '../../../src/commands/doctor/writers.js';
import { type PathEffects, writersByMode } from '../../../src/files/writers.js';
import { run, vmssh } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

type Entry = readonly [uid: number, mode: number, gid?: number, linkUid?: number];

const passwd = 'root:x:0:0::/root:\nann:x:1000:1000::/:\nbob:x:1001:1001::/:\n';
const group = 'root:x:0:\nstaff:x:50:\nann:x:1000:\nteam:x:60:ann,bob\nsolo:x:61:ann,root\nbob:x:1001:\n';

function writers(entries: Readonly<Record<string, Entry>>) {
  const effects: PathEffects = {
    async look(path) {
      const entry = entries[path] ?? (['/', '/a', '/tmp'].includes(path) ? [0, 0o755] : undefined);
      if (entry === undefined) return undefined;
      const [uid, mode, gid = 0, linkUid] = entry;
      return { uid, mode, gid, linkUid };
    },
    ways: async (path) => [path],
    uid: 1000,
    accounts: async () => ({ passwd, group, uidMap: '0 0 4294967295\n' }),
  };
  return writersByMode(effects);
}

async function found(PATH: string, entries: Readonly<Record<string, Entry>>) {
  return openFolders({ env: { PATH }, platform: 'linux' }, await writers(entries));
}

const whoWritesHere = 'any user who can write to the current folder';

describe('a folder of PATH', () => {
  it.each<{ name: string; path?: string; entries: Record<string, Entry>; who: string | undefined }>([
    { name: "root's", entries: { '/a/bin': [0, 0o755] }, who: undefined },
    { name: 'of this user', entries: { '/a/bin': [1000, 0o755] }, who: undefined },
    { name: 'of another user', entries: { '/a/bin': [1001, 0o755] }, who: 'user 1001' },
    { name: 'for anybody', entries: { '/a/bin': [0, 0o777] }, who: 'any user' },
    { name: 'sticky, for anybody', entries: { '/a/bin': [0, 0o1777] }, who: 'any user' },
    { name: 'for a group without members', entries: { '/a/bin': [0, 0o2775, 50] }, who: undefined },
    { name: 'for a group of its own', entries: { '/a/bin': [1000, 0o775, 1000] }, who: undefined },
    { name: 'for a group with others', entries: { '/a/bin': [0, 0o775, 60] }, who: 'the group team' },
    { name: 'for a group of us and root', entries: { '/a/bin': [0, 0o775, 61] }, who: undefined },
    { name: "for another user's group", entries: { '/a/bin': [0, 0o775, 1001] }, who: 'the group bob' },
    { name: 'for an unknown group', entries: { '/a/bin': [0, 0o775, 99] }, who: 'group 99' },
    { name: 'below one for anybody', entries: { '/a': [0, 0o777], '/a/bin': [0, 0o755] }, who: 'any user' },
    { name: 'below a sticky one', entries: { '/a': [0, 0o1777], '/a/bin': [1000, 0o755] }, who: undefined },
    { name: 'that can be made by anybody', entries: { '/a': [0, 0o1777] }, who: 'any user' },
    { name: 'that only root can make', entries: {}, who: undefined },
    { name: "after another user's link", entries: { '/a/bin': [0, 0o755, 0, 1001] }, who: 'user 1001' },
    { name: "nobody's", entries: { '/a/bin': [65_534, 0o755] }, who: 'user 65534' },
    { name: 'that is the current one', path: '.', entries: {}, who: whoWritesHere },
    { name: 'that is empty', path: '', entries: {}, who: whoWritesHere },
  ])('$name: $who', async ({ path = '/a/bin', entries, who }) => {
    expect(await found(path, entries)).toEqual(who === undefined ? [] : [{ path, who }]);
  });

  it('is not checked in WSL2 if it belongs to Windows', async () => {
    const entries: Record<string, Entry> = { '/mnt/c/Windows': [1000, 0o777] };
    expect(await found('/mnt/c/Windows', entries)).toHaveLength(1);
    const inWsl = { env: { PATH: '/mnt/c/Windows', WSL_DISTRO_NAME: 'x' }, platform: 'linux' } as const;
    expect(await openFolders(inWsl, await writers(entries))).toEqual([]);
  });
});

describe('this program', () => {
  it.each<{ name: string; entries: Record<string, Entry>; who: string | undefined }>([
    { name: "root's", entries: { '/a/vmssh': [0, 0o755] }, who: undefined },
    { name: "another user's", entries: { '/a/vmssh': [1001, 0o755] }, who: 'user 1001' },
    { name: 'for anybody to write', entries: { '/a/vmssh': [1000, 0o777] }, who: 'any user' },
    { name: 'in an open folder', entries: { '/a': [0, 0o777], '/a/vmssh': [1000, 0o755] }, who: 'any user' },
    { name: 'in a sticky folder', entries: { '/a': [0, 0o1777], '/a/vmssh': [1000, 0o755] }, who: undefined },
  ])('$name: $who', async ({ entries, who }) => {
    const program = { self: ['/a/vmssh', 'script.js'], platform: 'linux' } as const;
    const found = await openPrograms(program, await writers(entries));
    expect(found).toEqual(who === undefined ? [] : [{ path: '/a/vmssh', who }]);
  });
});

describe('access lists of Windows', () => {
  const admins = '(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)';
  it.each([
    ['of Program Files', `O:SYD:PAI${admins}(A;OICIIO;GA;;;CO)(A;;0x1200a9;;;BU)`, false],
    ['inherited from C:\\', `O:BAD:AI${admins}(A;OICIID;0x1301bf;;;AU)`, true],
    ['for what is below it alone', `D:${admins}(A;OICIIO;FA;;;WD)`, false],
    ['for everybody', `D:${admins}(A;;FA;;;S-1-1-0)`, true],
    ['for one user by id', 'D:P(A;;FA;;;S-1-5-21-1-2-3-1001)', false],
    ['for users of the domain', 'D:P(A;;0x116;;;S-1-5-21-1-2-3-513)', true],
    ['that denies', 'D:(D;;FA;;;WD)(A;;FA;;;BA)', false],
    ['with an audit entry', 'D:(A;;FA;;;BA)S:(AU;SAFA;FA;;;WD)', false],
    ['that has nothing in it', 'D:P', false],
    ['that is missing', 'O:BA', true],
    ['that is null', 'O:BAD:NO_ACCESS_CONTROL', true],
  ])('$0: $2', (_name, list, isOpen) => {
    expect(isBroad(list, rights.write)).toBe(isOpen);
  });

  const closed = 'D:P(A;;FA;;;BA)';
  // As Windows makes it: anybody may make folders, and own what is in them.
  const root = 'D:PAI(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)(A;OICIIO;SDGXGWGR;;;AU)(A;;LC;;;AU)';
  it.each([
    { name: 'in Program Files', folder: closed, file: closed, who: undefined },
    { name: 'in a new folder of C:', folder: 'D:(A;ID;0x1301bf;;;AU)', file: closed, who: 'any user' },
    { name: 'that anybody may write', folder: closed, file: 'D:(A;;FW;;;BU)', who: 'any user' },
    {
      name: 'in a folder that anybody may take away',
      folder: 'D:(A;;SD;;;WD)',
      file: closed,
      who: 'any user',
    },
  ])('of a program $name: $who', async ({ folder, file, who }) => {
    const all: Readonly<Record<string, string>> = { 'C:\\': root, 'C:\\p': folder, 'C:\\p\\v.exe': file };
    const program = { self: ['C:\\p\\v.exe'], platform: 'win32' } as const;
    const writers = writersByAccessList((path) => all[path]);
    const found = await openPrograms(program, writers);
    expect(found).toEqual(who === undefined ? [] : [{ path: 'C:\\p\\v.exe', who }]);
    const [check] = programChecks(found, { platform: 'win32', shell: 'cmd' });
    if (who !== undefined) expect(check?.fix).toMatch(/^move it to .*; to see who may write: icacls C:\\p$/);
  });

  it('of folders in PATH, which may be missing, quoted or relative', async () => {
    const lists: Readonly<Record<string, string>> = {
      'C:\\': root,
      'C:\\w': closed,
      'C:\\open': 'D:(A;;FA;;;WD)',
    };
    const at = { env: { Path: 'C:\\w;"C:\\open";C:\\gone\\bin;bin;;C:\\w' }, platform: 'win32' } as const;
    const writers = writersByAccessList((path) => lists[path]);
    const found = await openFolders(at, writers);
    expect(found.map(({ path, who }) => [path, who])).toEqual([
      ['C:\\open', 'any user'],
      ['C:\\gone\\bin', 'any user'],
      ['bin', whoWritesHere],
    ]);
  });
});

describe('vmssh doctor', () => {
  const dir = useTempDir();

  it.skipIf(process.platform !== 'linux')(
    'shows who else can put programs into a folder of PATH',
    async () => {
      const folders = ['open', 'closed'].map((name) => join(dir, name));
      for (const [i, folder] of folders.entries()) {
        mkdirSync(folder);
        chmodSync(folder, i === 0 ? 0o777 : 0o755);
      }
      symlinkSync(join(dir, 'open'), join(dir, 'link'));
      const PATH = [...folders, join(dir, 'link'), process.env.PATH].join(':');
      const doctor = (...args: string[]) =>
        run([...vmssh, 'doctor', ...args], { env: { ...process.env, PATH } });
      const { code, stdout } = await doctor();
      expect(code).toBe(1);
      expect(stdout).toContain(
        `any user can put programs into ${join(dir, 'open')}, such as an ssh that you would run\n`,
      );
      expect(stdout).toContain(`any user can put programs into ${join(dir, 'link')},`);
      expect(stdout).toContain(`close it: chmod go-w ${join(dir, 'open')}\n`);
      expect(stdout).not.toContain(`into ${join(dir, 'closed')}`);
      expect((await doctor('--report')).stdout).toContain(
        '| ✗ | PATH | … can put programs into …, such as an ssh that you would run |',
      );
    },
  );
});
