import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../../src/discovery/tools/json.js';
import { missingAddon } from '../../helpers/addon.js';
import { type Machined, startMachined } from '../../helpers/machined.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { type SshdOnSocket, startSshd } from '../../helpers/sshd.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { readToEnd } from './forwarding.js';

const missing =
  missingAddon() ||
  missingPrograms({ ssh: 'openssh-client', sshd: 'openssh-server', 'ssh-keygen': 'openssh-client' });

const noSystemd = missingPrograms({ 'systemd-socket-activate': 'systemd' });

/** Two machines with a real sshd each, and loopback ports for both. */
describe.skipIf(missing)('config install --loopback', () => {
  const dir = useTempDir();
  const names = ['one-l8', 'two-l8'] as const;
  const folderOf = (name: string) => join(dir, name);
  const machines: JsonObject[] = [];
  const sshds: SshdOnSocket[] = [];
  let machined: Machined;
  let home: string;
  let env: NodeJS.ProcessEnv;
  const program = (...args: string[]) => run([...vmssh, ...args], { env });

  beforeAll(async () => {
    for (const name of names) {
      mkdirSync(folderOf(name));
      const sshd = await startSshd(folderOf(name));
      sshds.push(sshd);
      machines.push({ name, class: 'vm', service: 'x', sshAddress: `unix${sshd.path}` });
    }
    machined = await startMachined(machines);
  });
  afterAll(async () => {
    machined.stop();
    for (const sshd of sshds) await sshd.close();
  });
  beforeEach(async () => {
    // With a "%", the file of host keys is written out: ssh takes "~" from the password database.
    home = mkdtempSync(join(dir, '100%h-'));
    mkdirSync(join(home, '.ssh'), { mode: 0o700 });
    env = { ...process.env, HOME: home, ...machined.env };
    expect(await program('config', 'install', '--loopback')).toMatchObject({ code: 0 });
  });

  const settings = async (...args: string[]) => {
    const { stdout } = await run(['ssh', '-F', join(home, '.ssh/vmssh.conf'), '-G', ...args], { env });
    const of = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(stdout)?.[1];
    return { hostname: of('hostname'), port: Number(of('port')), proxy: of('proxycommand') ?? '' };
  };

  /** Logs in as a program does that knows only host and port. */
  const plainSsh = (name: string, port: number, ...more: string[]) =>
    run(
      [
        ...[
          'ssh',
          '-F',
          'none',
          '-i',
          join(folderOf(name), 'id'),
          '-o',
          'BatchMode=yes',
          '-o',
          'LogLevel=ERROR',
        ],
        ...[
          '-o',
          `UserKnownHostsFile=${join(dir, 'known')}`,
          '-o',
          'StrictHostKeyChecking=accept-new',
          ...more,
        ],
        ...['-p', `${port}`, `${sshds[0]?.user}@127.0.0.1`, 'exit 7'],
      ],
      { env },
    );

  /** vmssh forward --all, once it listens on `count` ports. */
  async function forwardAll(count: number, ...args: string[]) {
    const [file = '', ...before] = vmssh;
    const child = spawn(file, [...before, 'forward', '--all', '--json', ...args], { env, stdio: 'pipe' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const stderr = child.stderr.toArray();
    // Other tests may run machines on this host meanwhile.
    const isOthers = ({ event, target }: { event: string; target: string }) =>
      event === 'listening' && !/^machine\/.*-l8$/.test(target);
    const next = async () => {
      let event = JSON.parse((await lines.next()).value);
      while (isOthers(event)) event = JSON.parse((await lines.next()).value);
      return event;
    };
    const ports = new Map<string, number>();
    for (let i = 0; i < count; i++) {
      const { target, listener } = await next();
      ports.set(target.replace('machine/', ''), listener.port);
    }
    return { child, ports, next, stderr };
  }

  it('gives each machine a port, by which ssh reads host and port, and logs in by the proxy as before', async () => {
    const [one, two] = [await settings(names[0]), await settings(names[1])];
    expect([one.hostname, two.hostname]).toEqual(['127.0.0.1', '127.0.0.1']);
    expect(one.port).not.toBe(two.port);
    expect(one.proxy).toContain(` --loopback=${one.port} machine/${names[0]} `);
    expect((await settings('-p', '2222', names[0])).proxy).toMatch(/ 2222$|%p$/);
    // Nobody listens there: this is the proxy.
    const login = ['-i', join(folderOf(names[0]), 'id'), '-o', 'BatchMode=yes', '-l', `${sshds[0]?.user}`];
    const conf = ['-F', join(home, '.ssh/vmssh.conf')];
    expect(await run(['ssh', ...conf, ...login, names[0], 'exit 7'], { env })).toMatchObject({ code: 7 });
    expect(await program('ssh', ...conf, ...login, names[0], 'exit 7')).toMatchObject({ code: 7 });
    const { stdout } = await program('list', '--loopback', names[0]);
    expect(stdout.trimEnd().split('\t').at(-1)).toBe(`127.0.0.1:${one.port}`);
    const listed = JSON.parse((await program('list', '--json', names[1])).stdout);
    expect(listed.machines[0].loopback).toEqual({ host: '127.0.0.1', port: two.port });
  });

  it('leaves out a port on which another program listens, and keeps those that machines have', async () => {
    const { port } = await settings(names[0]);
    expect(await program('config', 'install')).toMatchObject({ code: 0 });
    expect((await settings(names[0])).port).toBe(port);
    expect(await program('config', 'install', '--no-loopback')).toMatchObject({ code: 0 });
    expect(await settings(names[0])).toMatchObject({ hostname: names[0], port: 22 });
    const other = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('listening'))`,
    ]);
    onTestFinished(() => void other.kill('SIGKILL'));
    await once(other.stdout, 'data');
    expect(await program('config', 'install', '--loopback')).toMatchObject({ code: 0 });
    expect((await settings(names[0])).port).not.toBe(port);
  });

  it('is served by forward --all: each port is its machine, also of one that comes later', async () => {
    const { ports, child, next } = await forwardAll(2);
    for (const name of names)
      expect(await plainSsh(name, ports.get(name) ?? 0)).toMatchObject({ code: 7, stderr: '' });
    expect([(await next()).event, (await next()).event]).toEqual(['closed', 'closed']);
    // The other machine refuses this key.
    expect(await plainSsh(names[0], ports.get(names[1]) ?? 0)).toMatchObject({ code: 255 });
    await next();
    machines.push({ ...machines[0], name: 'three-l8' });
    try {
      expect(await program('config', 'install')).toMatchObject({ code: 0 });
      const { listener } = await next();
      expect(await plainSsh(names[0], listener.port)).toMatchObject({ code: 7 });
    } finally {
      machines.pop();
    }
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  it('has forward --all say which command is needed if no machine has a port', async () => {
    await program('config', 'install', '--no-loopback');
    expect(await program('forward', '--all')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no machine has a loopback port\nhint: .* config install --loopback\n$/),
    });
  });

  const other =
    process.getuid?.() === 0 ? undefined : ' (skipped: only root can start a program as another user)';

  /** What another user of this host gets from a port. */
  async function asOther(port: number, script: string): Promise<string> {
    const code = `const c = require('net').connect(${port}, '127.0.0.1'); c.on('error', () => {}); ${script}`;
    const child = spawn(process.execPath, ['-e', code], {
      uid: 65_534,
      gid: 65_534,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    return String(await readToEnd(child.stdout as never));
  }
  const readAll = "c.on('data', (d) => process.stdout.write(d)); c.on('close', () => process.exit())";

  it.skipIf(other)(`turns other users away, and says so once${other ?? ''}`, async () => {
    const { ports, child, stderr } = await forwardAll(2);
    const port = ports.get(names[0]) ?? 0;
    for (let i = 0; i < 3; i++) expect(await asOther(port, readAll)).toBe('');
    // Bytes that are sent before the end reach nobody either.
    await asOther(
      port,
      "c.on('connect', () => c.end('SSH-2.0-x\\r\\n')); c.on('close', () => process.exit())",
    );
    expect(await plainSsh(names[0], port)).toMatchObject({ code: 7 });
    child.kill('SIGTERM');
    const said = (await stderr).join('');
    expect(said.match(/turned away: user 65534/g)).toHaveLength(1);
    expect(said).toMatch(/hint: for all users of this host: .* config install --loopback-for-all\n/);
  });

  it.skipIf(other)(`lets them in with --loopback-for-all${other ?? ''}`, async () => {
    expect(await program('config', 'install', '--loopback-for-all')).toMatchObject({ code: 0 });
    const { ports } = await forwardAll(2);
    const first = "c.once('data', (d) => { process.stdout.write(d); process.exit(); })";
    expect(await asOther(ports.get(names[0]) ?? 0, first)).toMatch(/^SSH-2\.0-/);
  });

  it.skipIf(other)(`serves its user while another one floods the port${other ?? ''}`, async () => {
    const { ports } = await forwardAll(2);
    const port = ports.get(names[0]) ?? 0;
    const code = `let n = 0; const go = () => { const c = require('net').connect(${port}, '127.0.0.1'); c.on('error', () => {}); c.on('close', () => { if (++n === 20) console.log('flooding'); go(); }); }; for (let i = 0; i < 20; i++) go();`;
    const flood = spawn(process.execPath, ['-e', code], {
      uid: 65_534,
      gid: 65_534,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void flood.kill('SIGKILL'));
    await once(flood.stdout as never, 'data');
    // A program that has to share its processors with the flood may need another try.
    const tries = [await plainSsh(names[0], port)];
    while (tries.at(-1)?.code !== 7 && tries.length < 3) tries.push(await plainSsh(names[0], port));
    expect(tries.at(-1), JSON.stringify(tries)).toMatchObject({ code: 7 });
  });

  describe('host keys in ~/.ssh/known_hosts', () => {
    const file = () => join(home, '.ssh/known_hosts');
    const theirs = `# mine\n[127.0.0.1]:29200 ssh-ed25519 AAAA\nexample.org ssh-ed25519 AAAA vmssh-loopback`;
    const ours = () => readFileSync(file(), 'utf8').match(/^\[127\.0\.0\.1\]:\d+ .* vmssh-loopback$/gm) ?? [];
    const keyOf = (name: string) => readFileSync(join(folderOf(name), 'host.pub'), 'utf8').split(' ')[1];
    /** A first login, by which ssh learns the key. */
    const login = (name: string) =>
      run(
        [
          ...[
            'ssh',
            '-F',
            join(home, '.ssh/vmssh.conf'),
            '-i',
            join(folderOf(name), 'id'),
            '-o',
            'BatchMode=yes',
          ],
          ...['-l', `${sshds[0]?.user}`, name, 'exit 7'],
        ],
        { env },
      );
    const strict = (name: string, port: number) =>
      run(
        [
          ...['ssh', '-F', 'none', '-i', join(folderOf(name), 'id'), '-o', 'BatchMode=yes'],
          ...['-o', `UserKnownHostsFile=${file().replaceAll('%', '%%')}`, '-o', 'StrictHostKeyChecking=yes'],
          ...['-p', `${port}`, `${sshds[0]?.user}@127.0.0.1`, 'exit 7'],
        ],
        { env },
      );

    it('have the key of each machine that is known, in step with ours, and no line of the user changes', async () => {
      writeFileSync(file(), theirs);
      expect(await program('config', 'install')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`changed ${file()}\n`),
      });
      const { port } = await settings(names[0]);
      expect(ours()).toHaveLength(2);
      expect(ours()).toContain(`[127.0.0.1]:${port} ssh-ed25519 ${keyOf(names[0])} vmssh-loopback`);
      expect(readFileSync(file(), 'utf8').startsWith(`${theirs}\n`)).toBe(true);
      expect(await program('forget', names[0])).toMatchObject({ code: 0 });
      expect(ours()).toHaveLength(1);
      expect(await login(names[0])).toMatchObject({ code: 7 });
      await program('list');
      expect(ours()).toHaveLength(2);
      expect(await program('config', 'uninstall')).toMatchObject({ code: 0 });
      expect(readFileSync(file(), 'utf8')).toBe(`${theirs}\n`);
    });

    it('let a program in without a question, and refuse the other machine after a swap', async () => {
      // config install has taken the keys, as a first login does.
      expect(ours()).toHaveLength(2);
      const { ports } = await forwardAll(2);
      for (const name of names)
        expect(await strict(name, ports.get(name) ?? 0)).toMatchObject({ code: 7, stderr: '' });
      const [one, two] = machines;
      machines.splice(
        0,
        2,
        { ...one, sshAddress: two?.sshAddress ?? '' },
        { ...two, sshAddress: one?.sshAddress ?? '' },
      );
      try {
        // It is looked up again at most every two seconds.
        for (const name of names)
          await expect
            .poll(() => strict(name, ports.get(name) ?? 0), { timeout: 20_000 })
            .toMatchObject({ code: 255, stderr: expect.stringContaining('IDENTIFICATION HAS CHANGED') });
      } finally {
        machines.splice(0, 2, ...[one, two].filter((each) => each !== undefined));
      }
    });

    it('come while forward --all runs, as soon as a login has learned one', async () => {
      expect(await program('forget', names[0])).toMatchObject({ code: 0 });
      await forwardAll(2);
      expect(await login(names[0])).toMatchObject({ code: 7 });
      await expect.poll(() => ours().length, { timeout: 20_000 }).toBe(2);
    });

    it('come with the first connection to a port, before the client is connected', async () => {
      expect(await program('forget', ...names)).toMatchObject({ code: 0 });
      expect(existsSync(file())).toBe(false);
      const { ports } = await forwardAll(2);
      const port = ports.get(names[0]) ?? 0;
      expect(await strict(names[0], port)).toMatchObject({ code: 7, stderr: '' });
      expect(ours()).toEqual([`[127.0.0.1]:${port} ssh-ed25519 ${keyOf(names[0])} vmssh-loopback`]);
    });

    it('are taken only if ssh would take them at a first login: not if its settings ask', async () => {
      const conf = join(home, '.ssh/vmssh.conf');
      writeFileSync(conf, readFileSync(conf, 'utf8').replaceAll('accept-new', 'ask'));
      expect(await program('forget', ...names)).toMatchObject({ code: 0 });
      const { ports } = await forwardAll(2);
      expect(await strict(names[0], ports.get(names[0]) ?? 0)).toMatchObject({ code: 255 });
      expect([existsSync(file()), await program('config', 'diff')]).toMatchObject([false, { code: 1 }]);
      expect(readFileSync(join(home, '.ssh/vmssh_known_hosts'), 'utf8')).toBe('');
    });
  });

  it.skipIf(noSystemd)(
    'serves the sockets of systemd, which are found by their ports, turns others away and ends when idle',
    async () => {
      const ports = await Promise.all(names.map(async (name) => (await settings(name)).port));
      const given = ['HOME', 'XDG_RUNTIME_DIR'].flatMap((name) => ['-E', name]);
      const listen = [...given, ...ports.flatMap((port) => ['-l', `127.0.0.1:${port}`])];
      const command = [...vmssh, 'forward', '--idle', '4', '--all', '--json', 'systemd'];
      const child = spawn('systemd-socket-activate', [...listen, ...command], { env, stdio: 'pipe' });
      onTestFinished(() => void child.kill('SIGKILL'));
      const stderr = createInterface({ input: child.stderr });
      const said: string[] = [];
      stderr.on('line', (line) => said.push(line));
      await expect.poll(() => said.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
      // Another user's client is the one that starts it.
      if (!other) expect(await asOther(ports[0] ?? 0, readAll)).toBe('');
      const logins = names.map((name, i) => plainSsh(name, ports[i] ?? 0));

      for (const login of await Promise.all(logins)) expect(login).toMatchObject({ code: 7, stderr: '' });
      expect(await once(child, 'close')).toEqual([0, null]);
      if (!other) expect(said.join('\n')).toContain('turned away: user 65534');
    },
  );

  it.skipIf(noSystemd)('takes a client of a port that no machine has any more, and closes it', async () => {
    const { port } = await settings(names[0]);
    expect(await program('config', 'install', '--no-loopback')).toMatchObject({ code: 0 });
    const listen = ['-E', 'HOME', '-l', `127.0.0.1:${port}`, ...vmssh];
    const command = [...listen, 'forward', '--idle', '1', '--all', 'systemd'];
    const child = spawn('systemd-socket-activate', command, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const said: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
    await expect.poll(() => said.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(1);
    expect(String(await readToEnd(connect(port, '127.0.0.1')))).toBe('');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(said.join('\n')).toContain(`port ${port}: no machine has it`);
  });

  it('is started by systemd only for loopback ports of machines', async () => {
    expect(await program('forward', '--all', 'systemd')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('LISTEN_FDS is not set'),
    });
    for (const args of [['8080'], ['--idle', '5']])
      expect(await program('forward', '--all', ...args)).toMatchObject({ code: 2 });
  });

  it('refuses -o Port, which would take the place of the loopback port', async () => {
    const before = readFileSync(join(home, '.ssh/vmssh.conf'), 'utf8');
    expect(await program('config', 'install', '-o', 'Port=2222')).toMatchObject({ code: 2 });
    expect(readFileSync(join(home, '.ssh/vmssh.conf'), 'utf8')).toBe(before);
  });
});
