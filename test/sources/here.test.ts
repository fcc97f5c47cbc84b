import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { containerAround, isUnasked } from '../../src/sources/here.js';
import { foundOtherwise, withKeptEnv } from '../../src/sources/trusted-env.js';
import { runtimeFolderOf } from '../../src/sources/trusted-path.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';

const dir = useTempDir();
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
