import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import { missingAddon } from '../../helpers/addon.js';
import { saying } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { dist, run, vmssh, vmsshWords } from '../../helpers/run.js';
import { useMachined, useSshd } from '../../helpers/sockets/peers.js';
import { type Hypervisor, missingTerminal, type SshdOnSocket, startHypervisor } from '../../helpers/sshd.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { forwarding } from '../forward/forwarding.js';

/** A container with two routes: the socket that it exports, and an SSH address on this host. */
describe.skipIf(lacks('ssh', 'sshd'))('a machine with two routes', () => {
  const dir = useTempDir();
  const other = useTempDir();
  const home = join(dir, 'home');
  const file = join(home, '.local/state/vmssh/routes.json');
  const name = 'routes-t1';
  const target = `machine/${name}`;
  const sshd = useSshd(dir);
  const imposter = useSshd(other);
  const machines: JsonObject[] = [];
  const machined = useMachined(machines);
  const env = { ...process.env, HOME: home, ...machined.env };
  const exported = join(machined.env.XDG_RUNTIME_DIR, `systemd/nspawn/unix-export/${name}/ssh`);
  let second: Hypervisor;
  let server: Server | undefined;
  const sockets = new Set<Socket>();

  const accepts = ['-o', 'StrictHostKeyChecking=accept-new'];
  const quick = ['-F', '/dev/null', '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR', ...accepts];
  const login = (...ours: string[]) => run([...vmssh, 'ssh', ...ours, ...quick, target, 'exit 7'], { env });
  /** What answers at the exported socket. */
  const answers = async (serve: (socket: Socket) => void) => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      serve(socket);
    });
    await new Promise<void>((done) => server?.listen(exported, done));
  };

  beforeAll(async () => {
    mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
    second = await startHypervisor(dir, join(dir, 'second'), {});
    machines.push({
      ...{ name, class: 'container', service: 'systemd-nspawn' },
      ...{ sshAddress: `127.0.0.1:${second.port}`, sshPrivateKeyPath: join(dir, 'id') },
    });
    mkdirSync(dirname(exported), { recursive: true });
  });
  beforeEach(() => rmSync(file, { force: true }));
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise<void>((done) => (server ? server.close(() => done()) : done()));
    server = undefined;
    rmSync(exported, { force: true });
  });
  afterAll(() => second.close());

  const to = (real: Pick<SshdOnSocket, 'path'>) => (socket: Socket) => {
    const behind = connect(real.path);
    sockets.add(behind);
    behind.on('error', () => socket.destroy());
    socket.pipe(behind).pipe(socket);
  };

  it.each<{ why: string; serve: (socket: Socket) => void }>([
    { why: 'closes at once', serve: (socket) => void socket.end() },
    { why: 'is silent', serve: () => {} },
  ])(
    'is logged in to by the second if the first $why, and by that first the next time',
    async ({ serve }) => {
      await answers(serve);
      const wait = ['-o', 'ConnectTimeout=60'];
      expect((await login(...wait)).code).toBe(7);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ version: 1, routes: { [target]: 'ip' } });
      const before = sockets.size;
      expect(await login(...wait)).toMatchObject({ code: 7, stderr: '' });
      expect(sockets.size).toBe(before);
    },
  );

  it('by an IP address that was asked for after another route says why it is used', async () => {
    await answers((socket) => void socket.end());
    const { code, stderr } = await login('--route', 'export,ip');
    expect(code).toBe(7);
    expect(stderr).toMatch(/^vmssh: .* before a banner came; by TCP to 127\.0\.0\.1:\d+ instead\n$/);
    expect(await login('--route', 'ip')).toMatchObject({ code: 7, stderr: '' });
  });

  it.skipIf(missingAddon() !== undefined)('is forwarded by the one that was chosen', async () => {
    await answers((socket) => void socket.end('not this one'));
    const port = String(second.port);
    const { connect } = await forwarding(['--route', 'ip', target, port, '0'], env);
    const [banner] = await once(await connect(), 'data');
    expect(String(banner)).toMatch(/^SSH-2\.0-/);
  });

  it('is reached by the library by the one that was chosen', async () => {
    await answers((socket) => void socket.end('not this one'));
    const script = `import { connect } from ${JSON.stringify(dist('index.mjs'))};
const stream = await connect('${target}', { routes: ['ip'] });
stream.once('data', (bytes) => { process.stdout.write(bytes); stream.destroy(); });`;
    const command = [process.execPath, '--input-type=module', '--eval', script];
    expect((await run(command, { env })).stdout).toMatch(/^SSH-2\.0-/);
  });

  it.skipIf(missingAddon() !== undefined)('gives ssh the socket itself after a fallback too', async () => {
    await answers((socket) => void socket.end());
    const proxy = `ProxyCommand=${vmsshWords} proxy -v --fdpass ${target} %p`;
    const options = ['-o', proxy, '-o', 'ProxyUseFdpass=yes', '-o', 'StrictHostKeyChecking=no'];
    const keys = ['-o', 'UserKnownHostsFile=/dev/null', '-i', join(dir, 'id')];
    const { code, stderr } = await run(['ssh', ...quick, ...options, ...keys, name, 'exit 7'], { env });
    expect(code).toBe(7);
    expect(stderr).toContain(`next: ip, tcp:127.0.0.1:${second.port}`);
    expect(stderr).toContain('the socket was passed to ssh');
  });

  it('is refused if a route answers with another key than the machine has', async () => {
    await answers(to(sshd));
    expect(await login()).toMatchObject({ code: 7, stderr: '' });
    expect(existsSync(file)).toBe(false);
    await new Promise<void>((done) => server?.close(() => done()));
    rmSync(exported, { force: true });
    await answers(to(imposter));
    expect(await login()).toMatchObject(saying(255, `the host key of "${target}" is refused: `));
    expect(await login('--route', 'ip')).toMatchObject({ code: 7, stderr: '' });
  });

  it.skipIf(missingTerminal())(
    'is examined by check, and logged in to, only by the one that was chosen',
    async () => {
      let count = 0;
      await answers((socket) => {
        count++;
        socket.end();
      });
      const checked = async (route: string) => {
        const { stdout } = await run([...vmssh, 'check', '--json', `--route=${route}`, target], { env });
        return JSON.parse(stdout).results[0];
      };
      const byIp = await checked('ip');
      expect(byIp).toMatchObject({ ok: true });
      expect(byIp.checks).toContainEqual(expect.objectContaining({ name: 'login', state: 'ok' }));
      expect(count).toBe(0);
      expect(await checked('export')).toMatchObject({ ok: false });
      expect(count).toBeGreaterThan(0);
    },
  );

  it('is shown with each route by check and by list', async () => {
    await answers((socket) => void socket.end());
    const program = async (...args: string[]) => {
      const { stdout, stderr } = await run([...vmssh, ...args], { env });
      return stdout === '' ? { stderr } : JSON.parse(stdout);
    };
    const ip = `tcp:127.0.0.1:${second.port}`;
    expect(await program('check', '--json', '--until=authentication', target)).toMatchObject({
      ok: true,
      results: [
        {
          routes: [
            { route: 'export', address: `unix:${exported}`, state: 'failed' },
            { route: 'ip', address: ip, state: 'ok', found: expect.stringMatching(/^SSH-2\.0-/) },
          ],
        },
      ],
    });
    const resolved = async (...args: string[]) =>
      (await program('check', '--json', '--until=resolved', ...args, target)).results[0];
    expect(await resolved()).toMatchObject({
      address: `unix:${exported}`,
      routes: [
        { route: 'export', state: 'skipped' },
        { route: 'ip', address: ip },
      ],
    });
    expect(await resolved('--route=ip')).toMatchObject({ address: ip });
    expect(await program('check', '--json', '--route=export', target)).toMatchObject({
      ok: false,
      exitCode: 3,
    });
    const { machines } = await program('list', '--json', '--provider=machined,nspawn', name);
    expect(machines).toMatchObject([
      {
        routes: [
          { route: 'export', address: `unix${exported}` },
          { route: 'ip', address: `127.0.0.1:${second.port}` },
        ],
      },
    ]);
  });
});

/** systemd-machined has an address of it where nothing listens; its monitor's command line shows another route. */
describe('a machine of which two sources know a route each', () => {
  const dir = useTempDir();
  const target = 'machine/routes-t2';
  const mux = join(dir, 'v.sock');
  // It listens until it is told not to.
  const listens = `
    const server = require('node:net').createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.write('OK 1073741824\\nSSH-2.0-joined\\r\\n'));
    });
    process.stdin.once('data', () => server.close(() => process.stdout.write('closed'))).on('end', () => process.exit());
    server.listen(process.argv[2].replace(/.*socket=/, ''), () => process.stdout.write('up'));
  `;
  let monitor: ChildProcess;
  const machines: JsonObject[] = [];
  const env = { ...process.env, HOME: dir, ...useMachined(machines).env };
  beforeAll(async () => {
    const args = ['-e', listens, '--', '--vsock', `cid=3,socket=${mux}`];
    monitor = spawn(process.execPath, args, {
      argv0: 'cloud-hypervisor',
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(monitor.stdout ?? monitor, 'data');
    const sshAddress = `unix${dir}/absent`;
    machines.push({ name: 'routes-t2', class: 'vm', service: 'x', leader: monitor.pid ?? 0, sshAddress });
  });
  afterAll(() => void monitor.stdin?.end());
  const program = (...args: string[]) => run([...vmssh, ...args, target], { env });
  const endpoint = `vsock-mux:${mux}:22`;

  it('is reached by the second once the first has failed, or if that was chosen', async () => {
    const { code, stdout, stderr } = await program('nc', '--banner', '-v');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'SSH-2.0-joined\n' });
    expect(stderr).toContain(`next: vsock-mux, ${endpoint}`);
    const chosen = await program('nc', '--banner', '--route=vsock-mux');
    expect(chosen).toMatchObject({ code: 0, stdout: 'SSH-2.0-joined\n' });
  });

  it('has both in what check shows, and both reasons if both fail', async () => {
    const { stdout } = await program('check', '--until=resolved', '--json');
    expect(JSON.parse(stdout).results[0]).toMatchObject({
      routes: [{ route: 'export' }, { route: 'vsock-mux', address: endpoint }],
    });
    const closed = once(monitor.stdout ?? monitor, 'data');
    monitor.stdin?.write('close');
    await closed;
    const { code, stderr } = await program('nc', '--banner');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/export: no socket at .*; vsock-mux: /);
  });
});
