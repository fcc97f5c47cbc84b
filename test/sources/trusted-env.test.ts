import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { containerAround, isUnasked } from '../../src/sources/here.js';
import { envOfSource, foundOtherwise, ownEnv, withKeptEnv } from '../../src/sources/trusted-env.js';
import { configFolder, runtimeFolderOf } from '../../src/sources/trusted-path.js';
import { missingRoot, otherUser } from '../helpers/other-user.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';

const dir = useTempDir();
const me = process.getuid?.() ?? -1;
const somebody = otherUser.uid ?? me + 1;
const folder = (name: string, mode = 0o700) => {
  mkdirSync(join(dir, name), { recursive: true });
  chmodSync(join(dir, name), mode);
  return join(dir, name);
};
/** Which of these variables are left for `uid`. */
const left = (env: Readonly<Record<string, string>>, uid = me) =>
  Object.entries(ownEnv(env, uid)).flatMap(([name, value]) => (value === undefined ? [] : [name]));

describe.skipIf(me < 0)('of the environment', () => {
  it('own folders and sockets are kept, and variables that name none', () => {
    const env = {
      XDG_RUNTIME_DIR: folder('run'),
      HOME: folder('home', 0o755),
      XDG_CONFIG_HOME: join(dir, 'not-there-yet/config'),
      INCUS_SOCKET: join(folder('incus'), 'unix.socket'),
      LIMA_HOME: '',
      PATH: '/tmp',
    };
    writeFileSync(env.INCUS_SOCKET, '');
    chmodSync(env.INCUS_SOCKET, 0o666);
    expect(ownEnv(env, me)).toBe(env);
  });

  it("root's folders are kept, except for the runtime folder", () => {
    const env = { XDG_RUNTIME_DIR: '/usr', HOME: '/usr', LXD_DIR: '/usr', INCUS_DIR: '/proc/none' };
    expect(left(env, 54_322)).toEqual(['HOME', 'LXD_DIR', 'INCUS_DIR']);
  });

  it('those of another user are ignored', () => {
    const there = folder('theirs');
    const env = { XDG_RUNTIME_DIR: there, HOME: there, INCUS_SOCKET: there, LIMA_HOME: join(there, 'x') };
    if (otherUser.uid !== undefined) chownSync(there, somebody, somebody);
    expect(left(env, otherUser.uid === undefined ? somebody : me)).toEqual([]);
  });

  it('those that anybody can change, or put there, are ignored', () => {
    const open = folder('open', 0o777);
    folder('open/mine');
    const env = { XDG_RUNTIME_DIR: open, HOME: folder('sticky', 0o1777), LXD_DIR: join(open, 'absent') };
    expect(left({ ...env, INCUS_DIR: join(open, 'mine'), LIMA_HOME: '/tmp/vmssh-nobody-made-this' })).toEqual(
      [],
    );
    expect(left({ INCUS_DIR: folder('sticky/mine') })).toEqual(['INCUS_DIR']);
  });

  it('a list of files is kept only if each is', () => {
    const [own, open] = [join(folder('kube'), 'config'), join(folder('open', 0o777), 'config')];
    expect(left({ KUBECONFIG: `${own}:${own}2` })).toEqual(['KUBECONFIG']);
    for (const list of [`${own}:${open}`, `${open}:${own}`]) expect(left({ KUBECONFIG: list })).toEqual([]);
    expect(envOfSource('kubectl', { KUBECONFIG: `${own}:here` }).kept).toBeUndefined();
  });

  it.skipIf(missingRoot('folders of others'))('own folders in those of another user are ignored', () => {
    const theirs = folder('above', 0o755);
    const mine = folder('above/run');
    chownSync(theirs, somebody, somebody);
    expect(left({ XDG_RUNTIME_DIR: mine, HOME: mine })).toEqual([]);
  });
});

it.skipIf(me < 0)(
  'the folder of settings is the one of the environment only if it is absolute and own',
  () => {
    const folder = join(dir, 'settings');
    mkdirSync(folder);
    expect(configFolder({ XDG_CONFIG_HOME: folder }, '/home/ann', me)).toBe(folder);
    expect(configFolder({ XDG_CONFIG_HOME: 'settings' }, '/home/ann', me)).toBe('/home/ann/.config');
    expect(configFolder({ XDG_CONFIG_HOME: '' }, '/home/ann', me)).toBe('/home/ann/.config');
    expect(configFolder({}, '/home/ann', me)).toBe('/home/ann/.config');
    const { uid } = otherUser;
    if (uid !== undefined) chownSync(folder, uid, uid);
    const who = uid === undefined ? me + 1 : me;
    expect(configFolder({ XDG_CONFIG_HOME: folder }, '/home/ann', who)).toBe('/home/ann/.config');
  },
);

const HOME = '/home/ann';

describe('a container with the home of its host', () => {
  const all = '         0          0 4294967295\n';
  const keepId =
    '         0          1       1000\n      1000          0          1\n      1001       1001      64536\n';
  it.each([
    { name: 'this host', marks: [], mounted: true, uidMap: all, want: undefined },
    {
      name: 'Toolbx',
      marks: ['/run/.containerenv'],
      mounted: true,
      uidMap: keepId,
      want: '/run/.containerenv',
    },
    { name: 'a dev container', marks: ['/.dockerenv'], mounted: true, uidMap: all, want: '/.dockerenv' },
    {
      name: 'one with a home of its own',
      marks: ['/.dockerenv'],
      mounted: false,
      uidMap: all,
      want: undefined,
    },
    { name: 'bubblewrap', marks: [], mounted: false, uidMap: '1000 1000 1\n', want: '/proc/self/uid_map' },
    { name: 'a system container', marks: [], mounted: false, uidMap: '0 1000000 65536\n', want: undefined },
  ])('$name: $want', ({ marks, mounted, uidMap, want }) => {
    const look = {
      platform: 'linux' as const,
      exists: (path: string) => marks.includes(path as never),
      uidMap: () => uidMap,
      device: (path: string) => (path === '/' || !mounted ? 1 : 2),
    };
    expect(containerAround({ HOME }, look)).toBe(want);
    expect(containerAround({ HOME }, { ...look, platform: 'darwin' })).toBeUndefined();
  });
});

describe('a source', () => {
  it('may have machines that were not listed, if its program is not in PATH and it listed none', () => {
    writeTree(dir, { 'bin/podman': '#!/bin/sh\n' });
    const [PATH, none] = [join(dir, 'bin'), join(dir, 'none')];
    expect(isUnasked('podman', [], { PATH })).toBe(false);
    expect(isUnasked('podman', [], { PATH: none })).toBe(true);
    expect(isUnasked('podman', [{ provider: 'podman' }], { PATH: none })).toBe(false);
    expect(isUnasked('podman', [{ provider: 'podman', via: 'hv1' }], { PATH: none })).toBe(true);
    expect(isUnasked('docker', [], { PATH: none })).toBe(false);
  });

  it('is asked otherwise where another folder has its containers, as in a terminal of a snap', () => {
    const kept = [{ provider: 'podman' }, { provider: 'machined' }];
    const other = { HOME, XDG_DATA_HOME: `${HOME}/snap/code/1/.local/share` };
    expect([...foundOtherwise(other, kept)]).toEqual(['podman']);
    expect([...foundOtherwise({ HOME, XDG_DATA_HOME: `${HOME}/.local/share` }, kept)]).toEqual([]);
    const environment = { XDG_DATA_HOME: '/srv/ann' };
    expect([...foundOtherwise({ HOME }, [{ provider: 'podman', environment }])]).toEqual(['podman']);
    expect(withKeptEnv({ HOME }, [{ provider: 'podman', environment }])).toEqual({ HOME, ...environment });
    const server = { MULTIPASS_SERVER_ADDRESS: 'unix:/run/x' };
    expect([...foundOtherwise({ HOME, ...server }, [{ provider: 'multipass' }])]).toEqual(['multipass']);
  });
});

it.skipIf(process.getuid === undefined)(
  'a runtime folder is the one that systemd makes, if a login gave none',
  () => {
    const uid = process.getuid?.() ?? -1;
    const above = join(dir, 'user');
    expect(runtimeFolderOf({}, uid, above)).toBeUndefined();
    mkdirSync(join(above, `${uid}`), { recursive: true, mode: 0o700 });
    expect(runtimeFolderOf({}, uid, above)).toBe(join(above, `${uid}`));
    expect(runtimeFolderOf({ XDG_RUNTIME_DIR: '' }, uid, above)).toBe(join(above, `${uid}`));
    mkdirSync(join(dir, 'given'), { mode: 0o700 });
    expect(runtimeFolderOf({ XDG_RUNTIME_DIR: join(dir, 'given') }, uid, above)).toBe(join(dir, 'given'));
    chmodSync(join(above, `${uid}`), 0o755);
    expect(runtimeFolderOf({}, uid, above)).toBeUndefined();
  },
);
