import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../../src/sources/tools/json.js';
import { missingAddon } from '../../helpers/addon.js';
import { saying } from '../../helpers/expected.js';
import { lacks } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { useMachined, useSshd } from '../../helpers/sockets/peers.js';
import { freePort } from '../../helpers/sockets/servers.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { forwarding, readToEnd } from './forwarding.js';

const missing = missingAddon() || lacks('ssh', 'sshd');

const noSystemd = lacks('systemd-socket-activate');

const notRoot =
  process.getuid?.() === 0 ? undefined : ' (skipped: only root can start a program as another user)';
const asNobody = {
  uid: 65_534,
  gid: 65_534,
  stdio: ['ignore', 'pipe', 'inherit'] as ['ignore', 'pipe', 'inherit'],
};

/** Two machines with a real sshd each, and port 22 of the first one on this host. */
describe.skipIf(missing)('forward --private', () => {
  const dir = useTempDir();
  const names = ['one-l8', 'two-l8'] as const;
  const folderOf = (name: string) => join(dir, name);
  const sshds = names.map((name) => {
    mkdirSync(folderOf(name));
    return useSshd(folderOf(name));
  });
  const machines: JsonObject[] = names.map((name, at) => ({
    ...{ name, class: 'vm', service: 'x', sshAddress: `unix${sshds[at]?.path}` },
  }));
  const env = { ...process.env, HOME: dir, ...useMachined(machines).env };

  /** Logs in as a program does that knows only host and port, by the line that forward --install prints. */
  const plainSsh = (port: number) => {
    const known = join(dir, `known-${port}`);
    writeFileSync(known, `[127.0.0.1]:${port} ${readFileSync(join(folderOf(names[0]), 'host.pub'), 'utf8')}`);
    const options = ['BatchMode=yes', `UserKnownHostsFile=${known}`, 'StrictHostKeyChecking=yes'];
    return run(
      [
        ...['ssh', '-F', 'none', '-i', join(folderOf(names[0]), 'id')],
        ...options.flatMap((option) => ['-o', option]),
        ...['-p', `${port}`, `${sshds[0]?.user}@127.0.0.1`, 'exit 7'],
      ],
      { env },
    );
  };

  /** What another user of this host gets from a port. */
  async function asOther(port: number, script: string): Promise<string> {
    const code = `const c = require('net').connect(${port}, '127.0.0.1'); c.on('error', () => {}); ${script}`;
    const child = spawn(process.execPath, ['-e', code], asNobody);
    onTestFinished(() => void child.kill('SIGKILL'));
    return String(await readToEnd(child.stdout as never));
  }
  const readAll = "c.on('data', (d) => process.stdout.write(d)); c.on('close', () => process.exit())";

  const start = (...args: string[]) => forwarding([...args, names[0], '22', '0'], env);

  it('lets its user in by host and port, and no other machine answers there after a swap', async () => {
    const { listening } = await start('--private');
    expect(await plainSsh(listening.listener.port)).toMatchObject({ code: 7, stderr: '' });
    const [one = {}, two = {}] = machines;
    machines.splice(0, 2, { ...one, sshAddress: two.sshAddress ?? null }, two);
    try {
      // It is looked up again at most every two seconds.
      await expect
        .poll(() => plainSsh(listening.listener.port), { timeout: 20_000 })
        .toMatchObject(saying(255, 'IDENTIFICATION HAS CHANGED'));
    } finally {
      machines.splice(0, 1, one);
    }
  });

  it.skipIf(notRoot)(`turns other users away, and says so once${notRoot ?? ''}`, async () => {
    const { listening, child, ended } = await start('--private');
    const { port } = listening.listener;
    for (let i = 0; i < 3; i++) expect(await asOther(port, readAll)).toBe('');
    // Bytes that are sent before the end reach nobody either.
    await asOther(
      port,
      "c.on('connect', () => c.end('SSH-2.0-x\\r\\n')); c.on('close', () => process.exit())",
    );
    expect(await plainSsh(port)).toMatchObject({ code: 7 });
    child.kill('SIGTERM');
    const { stderr } = await ended;
    expect(stderr.match(/turned away: user 65534 of this host/g)).toHaveLength(1);
  });

  it.skipIf(notRoot)(`is asked for: without it they are let in${notRoot ?? ''}`, async () => {
    const { listening } = await start();
    const first = "c.once('data', (d) => { process.stdout.write(d); process.exit(); })";
    expect(await asOther(listening.listener.port, first)).toMatch(/^SSH-2\.0-/);
  });

  it.skipIf(notRoot)(`serves its user while another one floods the port${notRoot ?? ''}`, async () => {
    const { listening } = await start('--private');
    const { port } = listening.listener;
    const code = `let n = 0; const go = () => { const c = require('net').connect(${port}, '127.0.0.1'); c.on('error', () => {}); c.on('close', () => { if (++n === 20) console.log('flooding'); go(); }); }; for (let i = 0; i < 20; i++) go();`;
    const flood = spawn(process.execPath, ['-e', code], asNobody);
    onTestFinished(() => void flood.kill('SIGKILL'));
    await once(flood.stdout as never, 'data');
    // A program that has to share its processors with the flood may need another try.
    const tries = [await plainSsh(port)];
    while (tries.at(-1)?.code !== 7 && tries.length < 3) tries.push(await plainSsh(port));
    expect(tries.at(-1), JSON.stringify(tries)).toMatchObject({ code: 7 });
  });

  /** The service of an installed forward, as systemd starts it for the first client. */
  async function service(target: string, idle: string) {
    const port = await freePort();
    const given = ['HOME', 'XDG_RUNTIME_DIR'].flatMap((name) => ['-E', name]);
    const command = [...vmssh, 'forward', '--private', `--idle=${idle}`, target, '22', 'systemd'];
    // As systemd names a socket: by its unit, which has a ":".
    const named = `LISTEN_FDNAMES=vmssh-forward-127.0.0.1:${port}.socket exec "$0" "$@"`;
    const listen = [...given, '-l', `127.0.0.1:${port}`, '/bin/sh', '-c', named];
    const child = spawn('systemd-socket-activate', [...listen, ...command], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const said: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
    await expect.poll(() => said.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(1);
    return { port, said, ended: once(child, 'close') };
  }

  it.skipIf(noSystemd)('serves a socket of systemd, turns others away and ends when idle', async () => {
    const { port, said, ended } = await service(`machine/${names[0]}`, '4');
    // Another user's client is the one that starts it.
    if (!notRoot) expect(await asOther(port, readAll)).toBe('');
    expect(await plainSsh(port)).toMatchObject({ code: 7, stderr: '' });
    expect(await ended).toEqual([0, null]);
    if (!notRoot) expect(said.join('\n')).toContain('turned away: user 65534');
  });

  it.skipIf(noSystemd)('takes a client though the machine is gone, and closes it', async () => {
    const { port, said, ended } = await service('machine/gone-l8', '1');
    expect(String(await readToEnd(connect(port, '127.0.0.1')))).toBe('');
    expect(await ended).toEqual([0, null]);
    expect(said.join('\n')).toContain('machine/gone-l8');
  });

  it('reaches a socket with one server at 22, which is SSH, and refuses any other port', async () => {
    const target = `unix${sshds[0]?.path}`;
    const { listening } = await forwarding([target, '22', '0'], env);
    expect(await plainSsh(listening.listener.port)).toMatchObject({ code: 7 });
    expect(await run([...vmssh, 'forward', target, '80', '0'], { env })).toMatchObject(
      saying(2, 'this socket has no ports: 80 cannot be reached'),
    );
  });

  it.each([
    [['--private', names[0], '22', '0.0.0.0:0'], 'the whole network can connect to "0.0.0.0:0"'],
    [['--install', names[0], '22', 'systemd'], '--install takes where systemd listens'],
    [['--install', '--uninstall', names[0], '22'], 'cannot be used together'],
    [['--list', names[0]], 'no argument with --list'],
    [['--install', '--json', names[0], '22', '2222'], 'cannot be used together'],
  ])('refuses $0', async (args, says) => {
    expect(await run([...vmssh, 'forward', ...args], { env })).toMatchObject(saying(2, says));
  });
});
