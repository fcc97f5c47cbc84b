import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConnectError } from '../../../src/base/errors.js';
import { checkTarget } from '../../../src/checks/check-target.js';
import { reachFlags } from '../../../src/cli/shared-options.js';
import { examine } from '../../../src/commands/check/examine.js';
import { hostSigns } from '../../../src/commands/check/outcome.js';
import { loginByVmssh } from '../../../src/entry/login.js';
import { parseTarget } from '../../../src/kinds/kinds.js';
import type { Io } from '../../../src/process/io.js';
import type { HyperVService } from '../../../src/sources/hyper-v/services.js';
import { routeTo } from '../../../src/sources/routes.js';
import { type DiscoveredMachine, DiscoveryError } from '../../../src/sources/source.js';
import { serviceIdOfPort } from '../../../src/typed/numbers.js';
import { makeContainer } from '../../connect/exec/container.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { lacks } from '../../helpers/programs.js';
import { vmssh } from '../../helpers/run.js';
import { useIncus } from '../../helpers/sockets/peers.js';
import { script, useSource, useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { usePeerFolder } from '../../sources/machined/varlink-peer.js';
import { useJsonServices } from '../../sources/managers/json-services.js';

describe('signs on this host', () => {
  const dir = useTempDir();
  const error = new ConnectError('connect', 'x', { code: 'ETIMEDOUT', problem: 'x' });
  const asked = {
    ...{ ...reachFlags(), port: undefined, user: undefined, sshConfig: undefined, over: undefined },
    until: 'login',
  } as const;
  const options = (target: string, port = 2222, error?: ConnectError) => ({
    check: { target, stages: [], error },
    means: { text: target, parsed: parseTarget(target), port, user: 'root' },
    options: { ...asked, target },
    plain: undefined,
  });
  const signal = new AbortController().signal;

  it('12: asks the registry, on Windows and for another port', async () => {
    const look = async (io: Io, port: number, services: () => Promise<readonly HyperVService[]>) =>
      (await hostSigns(options('hyper-v/mint', port, error), io, undefined, services)).service;
    const windows = fakeIo({ platform: 'win32' });
    const known = async () => [{ id: serviceIdOfPort(2222), port: 2222, name: 'x' }];
    const broken = () => Promise.reject(new DiscoveryError('ENOENT', 'x'));
    expect(await look(windows, 2222, known)).toEqual({ port: 2222, registered: true });
    expect(await look(windows, 2223, known)).toEqual({ port: 2223, registered: false });
    expect(await look(windows, 22, known)).toBeUndefined();
    expect(await look(windows, 2222, broken)).toBeUndefined();
    expect(await look(fakeIo(), 2222, known)).toBeUndefined();
  });

  it('13: finds who else has the CID', async () => {
    const web = { name: 'web', target: 'qemu/web', status: 'running', provider: 'qemu' } as const;
    const user = (pid: number, cid: number): DiscoveredMachine => ({ pid, cid, ...web });
    const found = async () => [user(1, 3), user(2, 3), user(3, 4)];
    const signs = await hostSigns(options('vsock/3'), fakeIo(), found);
    expect(signs).toMatchObject({ cidUsers: [{ pid: 1 }, { pid: 2 }], muxed: undefined });
    const routes = [routeTo('vsock-mux/run/x')];
    const byDaemon = async () => [{ ...user(1, 3), routes }];
    const lost = new ConnectError('connect', 'vsock/3', { code: 'ETIMEDOUT', problem: 'x' });
    expect((await hostSigns(options('vsock/3', 22, lost), fakeIo(), byDaemon)).muxed).toBe('qemu/web');
    expect((await hostSigns(options('vsock/3'), fakeIo(), byDaemon)).muxed).toBeUndefined();
  });

  it.skipIf(lacks('ssh'))("gives ssh's own reason if a login breaks", async () => {
    const path = join(dir, 'closes');
    const server = createServer((socket) => {
      socket.on('error', () => {}).write('SSH-2.0-OpenSSH_9.2\r\n');
      socket.once('data', () => socket.end());
    }).listen(path);
    onTestFinished(() => void server.close());
    const io = fakeIo({ self: vmssh, env: process.env });
    const login = await loginByVmssh(
      { ...asked, ...options(`unix${path}`, 22), target: `unix${path}` },
      io,
      signal,
    );
    const message = expect.stringMatching(/: Connection closed by /);
    expect(login).toMatchObject({ state: 'failed', message });
  });

  describe('a socket that nothing serves', () => {
    const serve = useJsonServices(dir);
    const folder = usePeerFolder();
    it.each([
      { of: 'a container', hint: /^once it has booted: vmssh setup docker\/web; or /, want: [] },
      { of: 'nobody knows what', hint: /^its server ended /, want: ['sshd'] },
    ])('of $of names what sets it up, or what it may be', async ({ of, hint, want }) => {
      const path = await folder.abandon('export/ssh');
      const Mounts = [{ Type: 'bind', Source: dirname(path), Destination: '/run/host/unix-export' }];
      const web = { Id: 'a'.repeat(64), Names: ['/web'], State: 'running', Mounts };
      const docker = await serve(`${want.length}.sock`, {
        '/containers/json?all=true': JSON.stringify([web]),
      });
      const env = {
        PATH: process.env.PATH,
        HOME: dir,
        XDG_RUNTIME_DIR: dir,
        DOCKER_HOST: `unix://${docker}`,
      };
      const target = of === 'a container' ? 'docker/web' : `unix${path}`;
      const asked = { ...reachFlags(), target, port: undefined, user: 'root', sshConfig: undefined };
      const io = fakeIo({ self: vmssh, env });
      const { check, suspects } = await examine({ ...asked, over: undefined, until: 'login' }, io);
      expect(check.error?.hint).toMatch(hint);
      expect(suspects).toEqual(want);
    });
  });

  describe('a machine with the login of vmssh setup', () => {
    const INCUS_SOCKET = useIncus(dir, [{ name: 'web', type: 'container', status: 'Running', config: {} }]);
    const machines = [
      { name: 'web', target: 'incus/web', provider: 'incus', login: { brings: true } },
      {
        ...{ name: 'made-up', target: 'mine/made-up', provider: 'mine' },
        login: { user: 'ann', identityFile: '/k' },
      },
    ];
    const hosts = JSON.stringify({ version: 2, options: {}, program: [], machines });
    writeTree(dir, { 'state/vmssh/hosts.json': hosts });
    const asked = { ...reachFlags(), port: undefined, user: undefined, sshConfig: undefined };
    const home = { HOME: dir, XDG_STATE_HOME: join(dir, 'state'), XDG_RUNTIME_DIR: dir };

    it.each(['mine/made-up', 'made-up'])('is tried as that user: %s', async (name) => {
      const row = { name: 'made-up', status: 'running', user: 'box', address: `unix${dir}/none` };
      useSource(dir, 'mine', `echo '${JSON.stringify({ version: 1, machines: [row] })}'`, { folder: dir });
      const io = fakeIo({ env: { PATH: '/bin', ...home } });
      const { means } = await checkTarget(name, { ...asked, until: 'resolved' }, io, signal);
      expect(means).toMatchObject({ user: 'ann', identityFile: '/k' });
    });

    it('has no sshd brought where an ssh does not ask for its key', async () => {
      const made = makeContainer(join(dir, 'made'), { program: 'incus' });
      script(join(made.bin, 'ssh'), 'echo OpenSSH_8.4p1 >&2');
      const env = { ...made.env, ...home, INCUS_SOCKET };
      const options = { ...asked, target: 'incus/web', over: undefined, until: 'login' } as const;
      writeTree(dir, { '.ssh/config': 'Host incus/web\n UserKnownHostsFile /k\n' });
      const { check, findings } = await examine(options, fakeIo({ self: ['/vmssh'], env }));
      expect(check).toMatchObject({ error: { code: 'EXEC_NO_SSHD' } });
      const found = expect.stringMatching(/^\/k: a Host of yours names it/);
      expect(findings).toContainEqual({ name: 'known_hosts', state: 'skipped', found });
    });
  });
});
