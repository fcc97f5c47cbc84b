import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownSocket, pathInRoot, pathsOf } from '../../../src/sources/processes/process-paths.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { fakeProc } from './fake-proc.js';

const dir = useTempDir();

/** A process in /proc, as the kernel shows its links to who may look: its mount namespace, and ours. */
function process(cwd: string, links: { readonly mounts?: string; readonly root?: string } = {}) {
  const procDir = fakeProc(dir, [{ argv: ['vm'], cwd }]);
  mkdirSync(join(procDir, 'self/ns'), { recursive: true });
  symlinkSync('mnt:[1]', join(procDir, 'self/ns/mnt'));
  if (links.mounts) symlinkSync(links.mounts, join(procDir, '100/ns/mnt'));
  if (links.root) symlinkSync(links.root, join(procDir, '100/root'));
  return { deps: { env: {}, procDir }, procDir };
}

describe('the paths of a process', () => {
  const paths = ['a.sock', './b', '/c'];
  const find = async ({ deps }: ReturnType<typeof process>) =>
    Promise.all(paths.map(await pathsOf({ pid: 100 }, deps)));

  it.each([
    { name: 'of this namespace', links: { mounts: 'mnt:[1]', root: '/' } },
    { name: 'that may not be read', links: {} },
  ])('$name begin in its folder', async ({ links }) => {
    expect(await find(process('/srv', links))).toEqual(['/srv/a.sock', '/srv/b', '/c']);
  });

  it('with which no socket could be opened begin with the link to it', async () => {
    const deep = `/${'d'.repeat(100)}/e`;
    const there = process(deep);
    expect(await find(there)).toEqual([`${there.procDir}/100/cwd/a.sock`, `${deep}/b`, '/c']);
    const above = (await pathsOf({ pid: 100 }, there.deps))('../a.socket');
    expect(await above).toBe(`${there.procDir}/100/cwd/../a.socket`);
  });

  it('whose folder may not be read begin with the link to it', async () => {
    const { deps, procDir } = process('/srv');
    expect(await (await pathsOf({ pid: 101 }, deps))('a')).toBe(`${procDir}/101/cwd/a`);
  });

  it('of another namespace lead through the link to its root', async () => {
    const there = process('/srv', { mounts: 'mnt:[2]', root: '/' });
    const root = `${there.procDir}/100/root`;
    expect(await find(there)).toEqual([`${root}/srv/a.sock`, `${root}/srv/b`, `${root}/c`]);
  });

  it('of another root lead into it', async () => {
    const jail = { mounts: 'mnt:[1]', root: '/proc/none/jail' };
    const want = ['/proc/none/jail/srv/a.sock', '/proc/none/jail/srv/b', '/proc/none/jail/c'];
    expect(await find(process('/proc/none/jail/srv', jail))).toEqual(want);
    expect(await find(process('/proc/none/jail', jail))).toContain('/proc/none/jail/a.sock');
  });

  it('of another root in another namespace lead through the link', async () => {
    const there = process('/jail/srv', { mounts: 'mnt:[2]', root: '/jail' });
    expect(await find(there)).toContain(`${there.procDir}/100/root/srv/a.sock`);
  });
});

describe('the paths of a process in a container', () => {
  it.each([{ mounts: undefined }, { mounts: 'mnt:[2]' }])(
    'lead through the link to its root, though its namespace may not be read: $mounts',
    async ({ mounts }) => {
      const { deps, procDir } = process('/srv', mounts === undefined ? {} : { mounts });
      const find = await pathsOf({ pid: 100, authority: 'other' }, deps);
      expect(await find('/run/docker.sock')).toBe(`${procDir}/100/root/run/docker.sock`);
    },
  );
});

describe('a path in another root', () => {
  const root = join(dir, 'root');
  mkdirSync(join(root, 'run/deep'), { recursive: true });
  mkdirSync(join(root, 'var'));
  symlinkSync('/run', join(root, 'var/run'));
  symlinkSync('../run/deep', join(root, 'var/deep'));
  symlinkSync('../../../../../run', join(root, 'var/up'));
  symlinkSync('/var/run/v.sock', join(root, 'socket'));
  symlinkSync('round', join(root, 'round'));

  it.each([
    { path: '/run/v.sock', want: 'run/v.sock' },
    { path: '/var/run/v.sock', want: 'run/v.sock' },
    { path: '/var/deep/v.sock', want: 'run/deep/v.sock' },
    { path: '/var/up/v.sock', want: 'run/v.sock' },
    { path: '/../../run/./v.sock', want: 'run/v.sock' },
    { path: '/socket', want: 'run/v.sock' },
    { path: '/absent/../run//v.sock', want: 'run/v.sock' },
    { path: '/', want: '' },
  ])('$path stays in it', async ({ path, want }) => {
    expect(await pathInRoot(root, path)).toBe(join(root, want));
  });

  it('that is a loop is refused', async () => {
    await expect(pathInRoot(root, '/round/x')).rejects.toMatchObject({ code: 'LINK' });
  });
});

describe('a socket that a process was given', () => {
  const find = async (path: string) => `/there${path}`;
  const from = (owner: number | undefined, uid: number) => {
    const look = async (path: string) => {
      expect(path).toBe('/there/run/v.sock');
      if (owner === undefined) throw new Error('absent');
      return { uid: owner };
    };
    return ownSocket(find, { uid }, look, 1000)('/run/v.sock');
  };

  it.each([
    { name: "its user's", owner: 107, uid: 107 },
    { name: "root's", owner: 0, uid: 107 },
    { name: 'ours', owner: 1000, uid: 0 },
    { name: 'none yet', owner: undefined, uid: 0 },
  ])('may be $name', async ({ owner, uid }) => {
    expect(await from(owner, uid)).toBe('/there/run/v.sock');
  });

  it("is refused if it is another user's", async () => {
    await expect(from(1001, 0)).rejects.toMatchObject({
      name: 'DiscoveryError',
      code: 'FOREIGN',
      message: 'the socket /there/run/v.sock belongs to user 1001, and its process to user 0',
    });
  });
});
