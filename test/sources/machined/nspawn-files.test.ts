import { execFileSync } from 'node:child_process';
import { existsSync, lchownSync, mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { managerKeys } from '../../../src/keys/manager-keys.js';
import { managerExec } from '../../../src/sources/as-root.js';
import { textsBelow } from '../../../src/sources/machined/nspawn-files.js';
import type { Deps, ReachedMachine } from '../../../src/sources/source.js';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import { otherUser } from '../../helpers/other-user.js';
import { listening } from '../../helpers/sockets/servers.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { madeKey } from '../../keys/made-keys.js';
import { openBelow } from '../../keys/open-files.js';
import { machines, usePeerFolder } from './varlink-peer.js';

const dir = useTempDir();
const [ed25519, rsa] = [madeKey('ed25519'), madeKey('rsa')];
const file = (type: string) => `/etc/ssh/ssh_host_${type}_key.pub`;
const id = '8495db59ee594938bf3bc78365a6940b';
const uuid = '8495db59-ee59-4938-bf3b-c78365a6940b';
const log = join(dir, 'log');

const folder = usePeerFolder();
let made = 0;

function rootWith(files: Readonly<Record<string, string>>): string {
  const root = join(dir, `root${made++}`);
  mkdirSync(root);
  writeTree(root, files);
  return root;
}

/** What asks a machined that knows one container. */
async function machined(root: string | undefined, more: JsonObject = {}): Promise<Deps> {
  const container = {
    name: 'web',
    id,
    class: 'container',
    service: 'systemd-nspawn',
    rootDirectory: root,
    ...more,
  };
  await folder.listen('run/systemd/machine/io.systemd.Machine', machines(container));
  return {
    env: { PATH: `${dir}/bin:${process.env.PATH}` },
    ...{ runDir: join(folder.path, 'run'), platform: 'linux', timeoutMs: 20_000 },
  };
}
const record = (more: Partial<ReachedMachine> = {}): ReachedMachine => ({
  ...{ provider: 'machined', name: 'web', target: 'machine/web', uuid },
  ...more,
});
const ask = (deps: Deps, more: Partial<ReachedMachine> = {}, uid = 0) =>
  managerKeys(record(more), deps, undefined, uid);

describe('the keys of a container of systemd-nspawn', () => {
  it.each(['machined', 'nspawn'])('are read in its root folder, by root (%s)', async (provider) => {
    const root = rootWith({ [file('ed25519')]: ed25519.text, [file('rsa')]: rsa.text });
    expect(await ask(await machined(root), { provider })).toEqual([ed25519.key, rsa.key]);
  });

  it('are in a container that root goes into, and nobody else', async () => {
    const deps = await machined(rootWith({}));
    const asRoot = await managerExec(record(), deps, 0);
    const exec = asRoot?.by === 'exec' ? asRoot.command : undefined;
    expect(exec?.slice(0, 2)).toEqual(['systemd-run', '--machine=web']);
    expect(await managerExec(record(), deps, 1000)).toBeUndefined();
  });

  it('are those of its name, if no id of it is known', async () => {
    const root = rootWith({ [file('rsa')]: rsa.text });
    expect(await ask(await machined(root), { uuid: undefined })).toEqual([rsa.key]);
  });

  it("are none of a container of a user's own machined", async () => {
    const root = rootWith({ [file('rsa')]: rsa.text });
    const { env, ...deps } = await machined(root);
    const user = { ...deps, runDir: join(dir, 'absent') };
    const XDG_RUNTIME_DIR = join(folder.path, 'run');
    expect(await ask({ ...user, env: { ...env, XDG_RUNTIME_DIR } })).toBeUndefined();
  });

  it.each<{ name: string; more?: JsonObject; of?: Partial<ReachedMachine>; uid?: number }>([
    { name: 'a user asks', uid: 1000 },
    { name: 'its name has another id now', more: { id: id.replace('8', '9') } },
    { name: 'its name has no id now', more: { id: null } },
    { name: 'it is a virtual machine', more: { class: 'vm', service: 'systemd-vmspawn' } },
    { name: 'something else runs it', more: { service: 'libvirt-lxc' } },
    { name: 'another person registered it', more: { UID: 54_321 } },
    { name: 'its name is unknown', of: { name: 'db' } },
  ])('are none if $name', async ({ more, of, uid }) => {
    const root = rootWith({ [file('rsa')]: rsa.text });
    expect(await ask(await machined(root, more), of, uid)).toBeUndefined();
  });

  it('are read by a program in it, if its root folder has none', async () => {
    const script = `#!/bin/sh\necho "$*" >'${log}'\ncat <<'EOF'\n${rsa.text}EOF\n`;
    writeTree(dir, { 'bin/systemd-run': script });
    for (const root of [join(dir, 'absent'), undefined, rootWith({ '/etc/passwd': '' })]) {
      expect(await ask(await machined(root))).toEqual([rsa.key]);
      folder.renew();
    }
    expect(readFileSync(log, 'utf8')).toMatch(
      /^--machine=web --pipe --quiet .* -- \/usr\/bin\/find \/etc\/ssh\/ssh_host_ed25519_key\.pub .* -type f -exec grep -h AAAA \{\} \+\n$/,
    );
  });
});

describe('a file below a root', () => {
  const paths = [file('ed25519'), file('rsa')];
  const outside = () => rootWith({ [file('rsa')]: rsa.text, 'ssh/ssh_host_rsa_key.pub': rsa.text });

  it.each<{ name: string; at: string; to: (root: string, out: string) => string }>([
    { name: 'the file', at: file('rsa'), to: (_, out) => `${out}${file('rsa')}` },
    {
      name: 'the file, relative',
      at: file('rsa'),
      to: (root, out) => relative(`${root}/etc/ssh`, `${out}${file('rsa')}`),
    },
    { name: 'its folder', at: '/etc/ssh', to: (_, out) => `${out}/etc/ssh` },
    { name: 'the folder above', at: '/etc', to: (_, out) => `${out}/etc` },
    { name: 'the folder above, to one in the root', at: '/etc', to: () => 'real' },
  ])('is not read by a link in place of $name', async ({ at, to }) => {
    const root = rootWith({ '/etc/ssh/moduli': '' });
    if (existsSync(`${root}${at}`)) renameSync(`${root}${at}`, `${root}/real`);
    symlinkSync(to(root, outside()), `${root}${at}`);
    expect(await textsBelow(root, paths)).toEqual([]);
  });

  it('is read if another one cannot be: a FIFO, a socket, a folder, one that is too long', async () => {
    const others = { [`${file('ecdsa')}/x`]: '', [file('long')]: 'x'.repeat(20_000) };
    const root = rootWith({ [file('rsa')]: rsa.text, ...others });
    execFileSync('mkfifo', [`${root}${file('ed25519')}`]);
    await listening(createServer(), `${root}${file('socket')}`);
    const all = ['ed25519', 'ecdsa', 'long', 'socket', 'absent', 'rsa'].map(file);
    expect(await textsBelow(root, all)).toEqual([rsa.text]);
  });

  it('stays below it', async () => {
    const root = rootWith({ 'etc/ssh/x': ed25519.text });
    writeTree(dir, { 'etc/ssh/x': rsa.text });
    expect(await textsBelow(root, ['/../etc/ssh/x', '/etc/../../etc/ssh/x'])).not.toContain(rsa.text);
  });

  it('is an error if a link of another user leads to the root', async () => {
    const link = join(dir, 'led');
    symlinkSync(rootWith({ [file('rsa')]: rsa.text }), link);
    if (otherUser.uid) lchownSync(link, otherUser.uid, otherUser.gid);
    await expect(textsBelow(link, paths)).rejects.toMatchObject({ code: 'OTHERS_LINK' });
  });

  it('is closed again, with the folders on its path', async () => {
    const root = rootWith({ [file('rsa')]: rsa.text });
    expect(await textsBelow(root, paths)).toEqual([rsa.text]);
    expect(openBelow(root)).toEqual([]);
  });

  it('is none if the root is not there', async () => {
    expect(await textsBelow(join(dir, 'absent'), paths)).toEqual([]);
    expect(await textsBelow(undefined, paths)).toEqual([]);
  });
});
