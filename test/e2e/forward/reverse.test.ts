import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { failing } from '../../helpers/expected.js';
import { missingPrograms } from '../../helpers/programs.js';
import { run, vmssh } from '../../helpers/run.js';
import { listening } from '../../helpers/sockets/servers.js';
import { startSshd } from '../../helpers/sshd.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { connectTo, forwarding, multiplexer, readToEnd, start } from './forwarding.js';

const dir = useTempDir();
let count = 0;

/** A multiplexer, its target, and the socket that it opens for a connection of the machine to port 5000. */
async function machine() {
  const path = join(dir, `m${count++}`);
  await multiplexer(path, (socket) => void socket.destroy());
  return { target: `vsock-mux${path}`, path: `${path}_5000` };
}

/** A program of this host at a unix socket or a port. */
async function service(at: string | number, serve: (socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, serve);
  await listening(server, at);
  return server;
}

describe.skipIf(missingAddon())('vmssh forward --reverse, by a multiplexer', () => {
  it.each(['unix', 'tcp'] as const)('connects the machine to a program by %s', async (family) => {
    const { target, path } = await machine();
    const at = join(dir, `${family}.sock`);
    const server = await service(family === 'unix' ? at : 0, async (socket) => {
      const question = await readToEnd(socket);
      socket.end(`${question} has ${question.length} bytes`);
    });
    const { port } = server.address() as { port?: number };
    const local = family === 'unix' ? at : String(port);
    const { listening, next, child, ended } = await forwarding(['--reverse', target, '5000', local]);
    expect(listening).toMatchObject({
      ...{ event: 'listening', listener: { path }, target, port: 5000 },
      local: family === 'unix' ? { path: at } : { host: '127.0.0.1', port },
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const client = await connectTo({ host: '', port: 0, path });
    client.end('question');
    expect(String(await readToEnd(client))).toBe('question has 8 bytes');
    expect(await next()).toMatchObject({ event: 'closed', end: 'both', sent: 8, received: 20 });
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0 });
    expect(existsSync(path)).toBe(false);
  });

  it('says what the machine needs, and that the program is not there, and goes on', async () => {
    const { target, path } = await machine();
    const at = join(dir, 'late.sock');
    const child = start(['--reverse', target, '5000', at]);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
    expect(line).toBe(
      `✓ vsock port 5000 of this host by ${path}, only for ${target} → ${at}   Ctrl-C stops it\n`,
    );
    await expect
      .poll(() => said)
      .toBe(
        'vmssh: in the machine: socat UNIX-LISTEN:"$XDG_RUNTIME_DIR"/late.sock,fork,mode=600,unlink-early VSOCK-CONNECT:2:5000\n',
      );
    expect(String(await readToEnd(await connectTo({ host: '', port: 0, path })))).toBe('');
    await expect.poll(() => said).toContain(`cannot connect to "${at}"`);
    await service(at, (socket) => void socket.end('here'));
    expect(String(await readToEnd(await connectTo({ host: '', port: 0, path })))).toBe('here');
  });

  it('leaves a socket alone on which another program listens', async () => {
    const { target, path } = await machine();
    await service(path, (socket) => void socket.end('mine'));
    const refused = await run([...vmssh, 'forward', '--reverse', target, '5000', join(dir, 'x.sock')]);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('another program listens there');
    const client = createConnection(path);
    expect(String(await readToEnd(client))).toBe('mine');
  });

  it.skipIf(
    missingPrograms({ 'ssh-agent': 'openssh-client', git: 'git', sshd: 'openssh-server', socat: 'socat' }),
  )('gives a machine the ssh-agent of this host, which git fetch there uses', async () => {
    const { target, path } = await machine();
    const agent = join(dir, 'agent.sock');
    const server = await startSshd(dir);
    onTestFinished(() => server.close());
    const running = spawn('ssh-agent', ['-D', '-a', agent], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void running.kill());
    await once(running.stdout, 'data');
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'of-the-host', '-f', join(dir, 'key')]);
    const env = { ...process.env, SSH_AUTH_SOCK: agent };
    expect(await run(['ssh-add', '-q', join(dir, 'key')], { env })).toMatchObject({ code: 0 });
    appendFileSync(join(dir, 'authorized'), readFileSync(join(dir, 'key.pub')));
    const { child } = await forwarding(['--reverse', target, '5000', agent]);
    // The machine has no key of its own: what is at the socket is all that ssh has there.
    const proxy = `-o ProxyCommand='socat - UNIX:${server.path}' -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`;
    const there = {
      ...process.env,
      SSH_AUTH_SOCK: path,
      GIT_SSH_COMMAND: `ssh -F none -o IdentityFile=none -o BatchMode=yes -o StrictHostKeyChecking=no ${proxy}`,
    };
    const git = (...args: string[]) => run(['git', '-C', join(dir, 'clone'), ...args], { env: there });
    const made = await run([
      ...['sh', '-c'],
      'git init -q "$0" && git -C "$0" -c user.name=a -c user.email=a@b commit -q --allow-empty -m "by the server" && git init -q "$1"',
      ...[join(dir, 'repository'), join(dir, 'clone')],
    ]);
    expect(made).toMatchObject({ code: 0 });
    const url = `ssh://${server.user}@server${join(dir, 'repository')}`;
    expect((await run(['ssh-add', '-l'], { env: there })).stdout).toContain('of-the-host (ED25519)');
    expect(await git('fetch', '-q', url)).toMatchObject({ code: 0, stderr: '' });
    expect((await git('log', '-1', '--format=%s', 'FETCH_HEAD')).stdout).toBe('by the server\n');
    // The key stays here.
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect((await git('fetch', '-q', url)).stderr).toContain('Permission denied (publickey');
  });

  it.each([
    { args: ['unix/run/x.sock', '5000', './a.sock'], says: 'this socket has no ports', code: 2 },
    { args: ['vsock/3', '5000'], says: 'TARGET PORT LOCAL with --reverse', code: 2 },
    { args: ['vsock/3', '5000', '192.0.2.1:80'], says: 'not "192.0.2.1:80"', code: 2 },
    { args: ['vsock/3', '5000', '0'], says: 'not "0"', code: 2 },
    { args: ['vsock/3', '5000', 'systemd'], says: 'got "systemd"', code: 2 },
    { args: ['--install', 'vsock/3', '5000', '80'], says: '--reverse and --install cannot', code: 2 },
    { args: [`vsock-mux${join(dir, 'gone')}`, '5000', '80'], says: 'cannot listen beside', code: 1 },
  ])('$args: $says', async ({ args, says, code }) => {
    expect(await run([...vmssh, 'forward', '--reverse', ...args])).toMatchObject(failing(code, says));
  });
});
