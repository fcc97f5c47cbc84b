import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFolders, type PathEffects } from '../../../src/commands/doctor/host/path.js';
import { run, vmssh } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';

type Entry = readonly [uid: number, mode: number, gid?: number, linkUid?: number];

const passwd = 'root:x:0:0::/root:\nann:x:1000:1000::/:\nbob:x:1001:1001::/:\n';
const group = 'root:x:0:\nstaff:x:50:\nann:x:1000:\nteam:x:60:ann,bob\nsolo:x:61:ann,root\nbob:x:1001:\n';

async function found(
  PATH: string,
  entries: Readonly<Record<string, Entry>>,
  more: Partial<PathEffects> = {},
) {
  const effects: PathEffects = {
    async look(path) {
      const entry = entries[path] ?? (['/', '/a', '/tmp'].includes(path) ? [0, 0o755] : undefined);
      if (entry === undefined) return undefined;
      const [uid, mode, gid = 0, linkUid] = entry;
      return { uid, mode, gid, linkUid };
    },
    real: async (path) => path,
    uid: 1000,
    accounts: async () => ({ passwd, group }),
    ...more,
  };
  return openFolders({ env: { PATH }, platform: 'linux' }, effects);
}

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
    { name: 'seen from a user namespace', entries: { '/a/bin': [65_534, 0o755] }, who: undefined },
    {
      name: 'that is the current one',
      path: '.',
      entries: {},
      who: 'any user who can write to the current folder',
    },
    { name: 'that is empty', path: '', entries: {}, who: 'any user who can write to the current folder' },
  ])('$name: $who', async ({ path = '/a/bin', entries, who }) => {
    expect(await found(path, entries)).toEqual(who === undefined ? [] : [{ folder: path, who }]);
  });

  it('is not checked on Windows, nor in WSL2 if it belongs to Windows', async () => {
    const entries: Record<string, Entry> = { '/mnt/c/Windows': [1000, 0o777] };
    expect(await found('/mnt/c/Windows', entries)).toHaveLength(1);
    const io = { env: { PATH: '/tmp', WSL_DISTRO_NAME: 'x' }, platform: 'win32' } as const;
    expect(await openFolders(io)).toEqual([]);
    const inWsl = { env: { PATH: '/mnt/c/Windows', WSL_DISTRO_NAME: 'x' }, platform: 'linux' } as const;
    expect(await openFolders(inWsl)).toEqual([]);
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
      expect(stdout).toContain(`fix: chmod go-w ${join(dir, 'open')}, if it is yours`);
      expect(stdout).not.toContain(`into ${join(dir, 'closed')}`);
      expect((await doctor('--report')).stdout).toContain(
        '| ✗ | PATH | other users can put programs into one of its folders |',
      );
    },
  );
});
