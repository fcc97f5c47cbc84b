import {
  chmodSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { containerFiles } from '../../../src/sources/containers/container-files.js';
import { podmanPlace, textsInPodmanRoot } from '../../../src/sources/containers/podman-root.js';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import { otherUser } from '../../helpers/other-user.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { madeKey } from '../../identity/made-keys.js';
import { openBelow } from '../../identity/open-files.js';

const dir = useTempDir();
const [ed25519, rsa] = [madeKey('ed25519'), madeKey('rsa')];
const id = '5531b822dd6044829313b6dc0e0c3bb2c9c20cc2ccb2d75c23887e09afdbe97c';
const file = (type: string) => `/etc/ssh/ssh_host_${type}_key.pub`;
const paths = ['ed25519', 'ecdsa', 'rsa'].map(file);
const uid = process.getuid?.() ?? 0;

/** What Podman 5 mounts in each container. */
const usual = [
  { destination: '/proc', type: 'proc' },
  { destination: '/dev', type: 'tmpfs' },
  { destination: '/sys', type: 'sysfs' },
  { destination: '/dev/shm', type: 'bind' },
  { destination: '/etc/hosts', type: 'bind' },
  { destination: '/run/.containerenv', type: 'bind' },
  { destination: '/sys/fs/cgroup', type: 'cgroup' },
];
const files = { [file('ed25519')]: ed25519.text, [file('rsa')]: rsa.text, 'etc/hosts': '', 'proc/x': '' };

let made = 0;
/** The storage of a Podman that runs a container with these files. */
function runs({
  mounts = [] as readonly JsonObject[],
  more = {} as JsonObject,
  config = undefined as unknown,
} = {}) {
  const storage = join(dir, `storage${made++}`);
  const root = join(storage, 'overlay/layer/merged');
  writeTree(root, files);
  mkdirSync(join(root, 'run'));
  const linux = { maskedPaths: ['/proc/kcore'] };
  const told = { root: { path: root }, mounts: [...usual, ...mounts], linux, ...more };
  const path = join(storage, 'overlay-containers', id, 'userdata/config.json');
  writeTree('/', { [path]: JSON.stringify(config ?? told) });
  return { storage, root, config: path, uid };
}

const bind = (destination: string) => ({ destination, type: 'bind' });
/** Writes another root into the configuration. */
function tellRoot({ root, config }: ReturnType<typeof runs>, path: string): void {
  const text = readFileSync(config, 'utf8');
  writeFileSync(config, text.replace(JSON.stringify(root), JSON.stringify(path)));
}

describe('the root folder of a container of Podman', () => {
  it('is read where Podman has it for its runtime', async () => {
    expect(await textsInPodmanRoot(id, paths, runs())).toEqual([ed25519.text, rsa.text]);
  });

  it('is read if a link in it is on the way to nothing that is mounted', async () => {
    const at = runs({ mounts: [bind('/srv/a/x'), bind('/data/b')] });
    mkdirSync(join(at.root, 'srv'));
    symlinkSync('../etc', join(at.root, 'srv/b'));
    symlinkSync('etc', join(at.root, 'a'));
    expect(await textsInPodmanRoot(id, paths, at)).toEqual([ed25519.text, rsa.text]);
  });

  it('is closed again, with all that was looked at', async () => {
    const at = runs({ mounts: [bind('/etc/hosts.d/x')] });
    mkdirSync(join(at.root, 'etc/hosts.d'));
    expect(await textsInPodmanRoot(id, paths, at)).toEqual([ed25519.text, rsa.text]);
    expect(openBelow(at.storage)).toEqual([]);
  });

  it.each<{ name: string; of?: Parameters<typeof runs>[0]; change?: (at: ReturnType<typeof runs>) => void }>([
    ...['/etc/ssh', '/etc/', '/', '//etc/./ssh/', file('rsa')].map((destination) => ({
      name: `mounts something else at ${destination}`,
      of: { mounts: [bind(destination)] },
    })),
    { name: 'has a tmpfs there', of: { mounts: [{ destination: '/etc/ssh', type: 'tmpfs' }] } },
    { name: 'hides it', of: { more: { linux: { maskedPaths: ['/etc/ssh'] } } } },
    {
      name: 'has a link where something is mounted',
      of: { mounts: [bind('/data')] },
      change: ({ root }) => symlinkSync('etc/ssh', join(root, 'data')),
    },
    {
      name: 'has a link on the way to a mount',
      of: { mounts: [bind('/srv/a/ssh')] },
      change({ root }) {
        mkdirSync(join(root, 'srv'));
        symlinkSync('../etc', join(root, 'srv/a'));
      },
    },
    {
      name: 'mounts into a folder of the host, which may have a link there',
      of: { mounts: [bind('/data'), bind('/data/x')] },
    },
    { name: 'mounts at ..', of: { mounts: [bind('/srv/../etc/ssh')] } },
    { name: 'mounts where nobody can look for a link', of: { mounts: [bind(`/${'x'.repeat(300)}`)] } },
    { name: 'mounts at a relative path', of: { mounts: [bind('data')] } },
    { name: 'mounts at no path', of: { mounts: [{ type: 'bind' }] } },
    { name: 'has mounts that are no list', of: { more: { mounts: {} } } },
    { name: 'has no root', of: { more: { root: {} } } },
    { name: 'has a root that is no path', of: { more: { root: { path: 'merged' } } } },
    {
      name: 'has a root that is not of Podman’s storage',
      change(at) {
        renameSync(at.root, join(dir, 'rootfs'));
        tellRoot(at, join(dir, 'rootfs'));
      },
    },
    {
      name: 'has a root that leads out of the storage',
      change: (at) => tellRoot(at, `${at.storage}/overlay/..${at.root.slice(at.storage.length)}`),
    },
    { name: 'has a configuration that is no object', of: { config: [] } },
    { name: 'does not run', change: ({ root }) => renameSync(root, `${root}-before`) },
    { name: 'is not known', change: ({ config }) => renameSync(config, `${config}-before`) },
    { name: 'has a configuration that others may write', change: ({ config }) => chmodSync(config, 0o666) },
    {
      name: 'has a link for a configuration',
      change({ config }) {
        renameSync(config, `${config}-before`);
        symlinkSync(`${config}-before`, config);
      },
    },
    {
      name: 'has a configuration without an end',
      change: ({ config }) => writeFileSync(config, ' '.repeat(2 << 20)),
    },
    {
      name: "has another user's link in place of its layer",
      change({ storage, root }) {
        const layer = join(storage, 'overlay/layer');
        renameSync(layer, `${layer}-before`);
        symlinkSync('layer-before', layer);
        if (otherUser.uid) lchownSync(layer, otherUser.uid, otherUser.gid);
        expect(readFileSync(join(root, file('rsa')), 'utf8')).toBe(rsa.text);
      },
    },
    {
      name: 'has a link in place of its folder',
      change({ root }) {
        renameSync(join(root, 'etc/ssh'), join(root, 'real'));
        symlinkSync('/etc/ssh', join(root, 'etc/ssh'));
      },
    },
  ])('is not read if it $name', async ({ of, change }) => {
    const at = runs(of);
    change?.(at);
    expect(await textsInPodmanRoot(id, paths, at)).toEqual([]);
  });

  it('is not read if another user wrote its configuration', async () => {
    expect(await textsInPodmanRoot(id, paths, { ...runs(), uid: uid + 1 })).toEqual([]);
  });
});

it.skipIf(uid !== 0)(
  'the configuration of root’s container is not read by a link of another user',
  async () => {
    const at = runs();
    const folder = join(at.storage, 'overlay-containers', id, 'userdata');
    renameSync(folder, `${folder}-before`);
    symlinkSync('userdata-before', folder);
    expect(await textsInPodmanRoot(id, paths, at)).toEqual([ed25519.text, rsa.text]);
    if (otherUser.uid) lchownSync(folder, otherUser.uid, otherUser.gid);
    expect(await textsInPodmanRoot(id, paths, at)).toEqual([]);
  },
);

describe('the root folder of a container of a user’s Podman', () => {
  /** Podman's mount of it is seen by conmon; the pid is that of a process with the same mounts as this one. */
  const withConmon = (pid: string) => {
    const at = runs();
    const run = `${at.storage}-run`;
    writeTree(run, { [`containers/overlay-containers/${id}/userdata/conmon.pid`]: pid });
    return { ...at, run };
  };

  it('is read where its conmon sees it', async () => {
    const at = withConmon(`${process.pid}`);
    expect(await textsInPodmanRoot(id, paths, at)).toEqual([ed25519.text, rsa.text]);
  });

  it.each(['', 'self', '-1', '4194999', '1/../self'])(
    'is not read if the pid of its conmon is %j',
    async (pid) => {
      expect(await textsInPodmanRoot(id, paths, withConmon(pid))).toEqual([]);
    },
  );

  it('is not read without its conmon', async () => {
    expect(await textsInPodmanRoot(id, paths, { ...runs(), run: join(dir, 'absent') })).toEqual([]);
  });

  it('is where the environment says', () => {
    const own = { HOME: '/home/u', XDG_RUNTIME_DIR: '/run/user/1000' };
    const place = { storage: '/home/u/.local/share/containers/storage', uid: 1000, run: '/run/user/1000' };
    expect(podmanPlace({ env: own }, 1000)).toEqual(place);
    const data = { storage: '/data/containers/storage', uid: 1000, run: '/run/user/1000' };
    expect(podmanPlace({ env: { ...own, XDG_DATA_HOME: '/data' } }, 1000)).toEqual(data);
    expect(podmanPlace({ env: own }, 0)).toEqual({ storage: '/var/lib/containers/storage', uid: 0 });
    for (const env of [{}, { HOME: '/home/u' }, { ...own, HOME: 'u' }, { ...own, XDG_RUNTIME_DIR: 'run' }])
      expect(podmanPlace({ env }, 1000)).toBeUndefined();
  });
});

describe('the keys of a container of the user’s own Podman', () => {
  const log = join(dir, 'log');
  const env = { PATH: `${dir}/bin:${process.env.PATH}`, HOME: dir, XDG_RUNTIME_DIR: join(dir, 'user') };
  const deps = { env, runDir: join(dir, 'run'), platform: 'linux', timeoutMs: 20_000 } as const;
  writeTree(dir, { 'bin/podman': `#!/bin/sh\necho "$*" >>'${log}'\nexit 125\n` });
  const filesOf = async (user: number, more = {}) => {
    const machine = { provider: 'podman', name: 'web', target: 'podman/web', containerId: id, ...more };
    const opened = await containerFiles('podman', machine, deps, user, runs());
    writeFileSync(log, '');
    return opened;
  };
  const has = (text: string) => (texts: readonly string[]) => texts.includes(text);
  const asked = () => readFileSync(log, 'utf8').trimEnd().split('\n').filter(Boolean).length;

  it.each([0, 1000])('are read without Podman if the one that is shown is there: user %i', async (user) => {
    const opened = await filesOf(user);
    expect(await opened?.read(paths, has(rsa.text))).toEqual([ed25519.text, rsa.text]);
    expect(asked()).toBe(0);
  });

  it('are what Podman says if another one is shown, or none', async () => {
    const opened = await filesOf(0);
    expect(await opened?.read(paths, has('another'))).toEqual([]);
    expect(asked()).toBe(paths.length);
    expect(await opened?.read(paths)).toEqual([]);
    expect(asked()).toBe(2 * paths.length);
  });

  it('are what Podman says if another one has the container', async () => {
    const url = `unix://${dir}/run/podman/podman.sock`;
    const opened = await filesOf(1000, { containerUrl: url });
    expect(await opened?.read(paths, has(rsa.text))).toEqual([]);
    expect(asked()).toBe(0);
    expect(opened?.exec).toContain(`--url=${url}`);
  });

  it('are not those of a container of Docker with this id', async () => {
    const containerUrl = `unix://${deps.runDir}/docker.sock`;
    const machine = { provider: 'docker', name: 'web', target: 'docker/web', containerId: id, containerUrl };
    const opened = await containerFiles('docker', machine, deps, 0, runs());
    writeFileSync(log, '');
    expect(await opened?.read(paths, has(rsa.text))).toEqual([]);
    expect(asked()).toBe(0);
  });
});
