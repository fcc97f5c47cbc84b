import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createConnections } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Container, makeContainer } from '../../connect/exec/container.js';
import { missingAddon } from '../../helpers/addon.js';
import { ended, ends, failing, saying } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useIncus, useSshd } from '../../helpers/sockets/peers.js';
import { startSshd } from '../../helpers/sshd.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { forwarding } from '../forward/forwarding.js';

const missing = lacks('ssh', 'sshd', 'rsync');
const modes = missingAddon() === undefined ? (['fdpass', 'relay'] as const) : (['relay'] as const);

/** As Incus lists them. */
const instances = ['web', 'bare'].map((name) => ({ name, type: 'container', status: 'Running', config: {} }));

describe.skipIf(missing)(`a machine without a socket${missing ? `: ${missing}` : ''}`, () => {
  const dir = useTempDir();
  const INCUS_SOCKET = useIncus(dir, instances);
  const sshd = useSshd(dir);
  let container: Container;
  let env: NodeJS.ProcessEnv;

  beforeAll(() => {
    container = makeContainer(dir, { program: 'incus', keys: dir });
    env = { ...container.env, INCUS_SOCKET, XDG_STATE_HOME: join(dir, 'state') };
  });

  it.skipIf(missingAddon())('is logged in to by a forwarded port, from the same manager', async () => {
    const { listening } = await forwarding(['incus/web', '22', '0'], env);
    const { port } = listening.listener;
    const options = ['BatchMode=yes', 'StrictHostKeyChecking=no', `UserKnownHostsFile=${dir}/by-port`];
    const command = [
      ...['ssh', '-F', 'none', '-i', join(dir, 'id'), '-p', `${port}`, '-o', 'LogLevel=ERROR'],
      ...options.flatMap((option) => ['-o', option]),
    ];
    for (const text of ['one', 'two'])
      expect(await run([...command, '-l', sshd.user, '127.0.0.1', `echo ${text}`], { env })).toMatchObject(
        ended(0, `${text}\n`),
      );
    expect(await run([...vmssh, 'forward', 'incus/web', '80', '0'], { env })).toMatchObject({ code: 2 });
  });

  describe.each(modes)('is logged in to through its manager, by %s', (mode) => {
    const ssh = () => [...sshd.ssh(mode), '-o', `UserKnownHostsFile=${dir}/known`];

    it('by one call of it', async () => {
      writeFileSync(join(dir, 'calls'), '');
      expect(await run([...ssh(), 'incus/web', 'echo hello'], { env })).toMatchObject(ended(0, 'hello\n'));
      expect(readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n')).toEqual([
        expect.stringMatching(/^exec --mode=non-interactive --project=default local:web -- \/bin\/sh -c/),
      ]);
    });

    it("as VS Code's server does it", async () => {
      const input = 'echo one; exit 7\n';
      expect(await run([...ssh(), '-T', 'incus/web', 'bash'], { env, input })).toMatchObject(
        ended(7, 'one\n'),
      );
    });

    it('with a megabyte in both directions, unchanged', async () => {
      const input = randomBytes(1_000_000).toString('base64');
      const { code, stdout } = await run([...ssh(), 'incus/web', 'cat'], { env, input });
      expect(code).toBe(0);
      expect(stdout === input).toBe(true);
    });

    it('by rsync', async () => {
      const [from, to] = [join(dir, `from-${mode}`), join(dir, `to-${mode}`)];
      mkdirSync(from);
      writeFileSync(join(from, 'file'), 'text');
      const shell = ssh().join(' ');
      await ends(0, run(['rsync', '-a', '-e', shell, `${from}/`, `incus%web:${to}/`], { env }));
      expect(readFileSync(join(to, 'file'), 'utf8')).toBe('text');
    });

    it('and nothing of it is left when ssh is killed', async () => {
      const pid = join(dir, `pid-${mode}`);
      const kill = ['sh', '-c', `"$@" & until [ -s '${pid}' ]; do sleep 0.1; done; kill -KILL $!`, 'sh'];
      const remote = `echo $PPID >'${pid}'; sleep 1000`;
      await run([...kill, ...ssh(), 'incus/web', remote], { env });
      const left = readFileSync(pid, 'utf8').trim();
      await expect.poll(() => existsSync(`/proc/${left}`), { timeout: 60_000 }).toBe(false);
    });
  });

  it('is refused with the fix if it was made again, until it is forgotten', async () => {
    const home = join(dir, 'home');
    const keysOf = async (folder: string) => (await startSshd(folder)).close();
    const [config, web] = [{}, { name: 'again', type: 'container', status: 'Running' }] as const;
    let uuid = '11111111-2222-4333-8444-555555555555';
    const made = createServer((_, response) =>
      response.end(JSON.stringify({ metadata: [{ ...web, config: { ...config, 'volatile.uuid': uuid } }] })),
    );
    const socket = join(dir, 'again.sock');
    await once(made.listen(socket), 'listening');
    const make = async (name: string) => {
      const folder = join(dir, name);
      mkdirSync(folder);
      await keysOf(folder);
      return makeContainer(folder, { program: 'incus', keys: folder });
    };
    const own = { ...env, HOME: home, INCUS_SOCKET: socket };
    const install = () => run([...vmssh, 'config', 'install', '--no-fresh'], { env: own });
    const login = ({ env: { PATH } }: Container, id: string) => {
      const quick = [
        '-F',
        join(home, '.ssh/config'),
        '-i',
        id,
        '-o',
        'BatchMode=yes',
        '-o',
        'StrictHostKeyChecking=accept-new',
      ];
      return run(['ssh', ...quick, 'again', 'exit 7'], { env: { ...own, PATH } });
    };
    const [first, second] = [await make('first'), await make('second')];
    expect(await install()).toMatchObject({ code: 0 });
    expect(await login(first, join(dir, 'first/id'))).toMatchObject(
      saying(7, 'nobody on this host can confirm the host key of'),
    );
    uuid = '66666666-2222-4333-8444-555555555555';
    const refused = await login(second, join(dir, 'second/id'));
    expect(refused.code).toBe(255);
    expect(refused.stderr).toMatch(
      /^vmssh: the host key of "again" is refused: .* the name now reaches a different machine.*\nhint: if you expected this: .*vmssh\S* forget again$/m,
    );
    expect(await run([...vmssh, 'forget', 'again'], { env: own })).toMatchObject({ code: 0 });
    expect(await login(second, join(dir, 'second/id'))).toMatchObject(
      saying(7, 'nobody on this host can confirm the host key of'),
    );
    made.close();
  });

  it('is not entered for a UUID if another one got its name after that was looked up', async () => {
    const uuids = ['11111111-2222-4333-8444-555555555555', '66666666-2222-4333-8444-555555555555'];
    const web = { name: 'web', type: 'container', status: 'Running' };
    const [typed = ''] = uuids;
    const api = createServer((_, response) => {
      const config = { 'volatile.uuid': uuids.shift() };
      response.end(JSON.stringify({ metadata: [{ ...web, config }] }));
    });
    const socket = join(dir, 'swapped.sock');
    await once(api.listen(socket), 'listening');
    writeFileSync(join(dir, 'calls'), '');
    const own = { ...env, INCUS_SOCKET: socket };
    const proxy = `ProxyCommand=${vmssh.join(' ')} proxy %h %p`;
    const { code, stderr } = await run(['ssh', '-F', 'none', '-o', proxy, typed, 'true'], { env: own });
    expect(stderr).toContain('"incus/web" had this UUID, and is another machine now, with 66666666-');
    expect({ code, calls: readFileSync(join(dir, 'calls'), 'utf8') }).toEqual({ code: 255, calls: '' });
    api.close();
  });

  it('is not tried first again if it answered with another key', async () => {
    const home = join(dir, 'liar');
    const sockets = join(home, 'export');
    mkdirSync(sockets, { recursive: true });
    const mounts = [{ Destination: '/run/host/unix-export', Source: sockets }];
    const listed = [{ Id: 'a'.repeat(64), Names: ['/web'], State: 'running', Labels: {}, Mounts: mounts }];
    const api = createServer((_, response) => response.end(JSON.stringify(listed)));
    const broken = createConnections((socket) => void socket.destroy());
    await once(api.listen(join(home, 'docker.sock')), 'listening');
    await once(broken.listen(join(sockets, 'ssh')), 'listening');
    const login = async (name: string) => {
      const folder = join(home, name);
      mkdirSync(folder);
      await (await startSshd(folder)).close();
      const container = makeContainer(folder, { program: 'docker', keys: folder });
      const own = {
        ...{ ...env, HOME: home, XDG_STATE_HOME: join(home, 'state') },
        ...{ DOCKER_HOST: `unix://${home}/docker.sock`, PATH: container.env.PATH },
      };
      const options = [
        '-i',
        join(folder, 'id'),
        '-o',
        'BatchMode=yes',
        '-o',
        'StrictHostKeyChecking=accept-new',
      ];
      return run([...vmssh, 'ssh', ...options, 'docker/web', 'exit 7'], { env: own });
    };
    const remembered = () => JSON.parse(readFileSync(join(home, 'state/vmssh/routes.json'), 'utf8')).routes;
    expect(await login('true')).toMatchObject({ code: 7 });
    expect(remembered()).toEqual({ 'docker/web': 'exec' });
    const { code, stderr } = await login('false');
    expect(code).toBe(255);
    expect(stderr).toContain('it answered by exec, not by its first route, which the next login tries first');
    expect(remembered()).toEqual({});
    api.close();
    broken.close();
  });

  it('shows the route in all that shows one', async () => {
    const words = 'incus exec --mode=non-interactive --project=default local:web --';
    const resolved = await run([...vmssh, 'check', '--until=resolved', '--json', 'incus/web'], { env });
    expect(JSON.parse(resolved.stdout).results[0]).toMatchObject({
      address: `exec:${words}`,
      endpoint: { family: 'exec', command: words.split(' '), machine: 'web', into: 'shell', port: 22 },
      steps: expect.arrayContaining(['incus starts sshd in it as its root']),
    });
    const traced = await run([...vmssh, 'nc', '-v', '--pipe', 'incus/web', '22'], { env });
    expect(traced.stderr).toContain(`exec:${words} is open`);
    expect(traced.stdout).toMatch(/^SSH-2\.0-/);
    const checked = await run([...vmssh, 'check', '--until=authentication', 'incus/web'], { env });
    expect(checked.stdout).toContain(words);
  });

  it('refuses another port, and shows what a machine lacks', async () => {
    const other = await run([...vmssh, 'nc', '--pipe', 'incus/web', '80'], { env });
    expect(other).toMatchObject(failing(2, 'incus starts its SSH server only: port 80 cannot be reached'));
    const folder = join(dir, 'bare');
    mkdirSync(folder);
    const bare = makeContainer(folder, { program: 'incus' });
    const { code, stdout, stderr } = await run([...vmssh, 'nc', '--pipe', 'incus/bare', '22'], {
      env: { ...env, PATH: bare.env.PATH },
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('"bare" has no sshd (EXEC_NO_SSHD)');
    expect(stderr).toContain('setup --install-sshd incus/bare\n');
  });
});
