import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectTo, multiplexer, readToEnd } from '../e2e/forward/forwarding.js';
import { follow, outcome, run, runtime, vmssh, within } from '../helpers/run.js';
import { listening } from '../helpers/sockets/servers.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { type Asked, askedCalls, parseAsked } from '../native/support/asked.js';
import { compile } from '../native/support/compile.js';

// Neither a sanitizer nor QEMU has a filter; Node has none of ours.
const asking = runtime === 'executable' && process.arch === 'x64' ? compile('asking.c') : undefined;
const refusing = asking && compile('refusing.c');
const dir = useTempDir();
let count = 0;

const key = ['ssh-ed25519', 'AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f'];
const echo = (socket: Socket) => void socket.pipe(socket);

describe.skipIf(!asking)('a command that starts no program any more', () => {
  it('may no longer make a forbidden call: nc --banner', async () => {
    const path = await served((socket) => socket.end('SSH-2.0-x\r\n'));
    const { command, asked } = traced(['nc', '--banner', `unix${path}`]);
    expect(await run(command)).toMatchObject({ code: 0, stdout: 'SSH-2.0-x\n', stderr: '' });
    expectRefused(asked());
  });

  it('may no longer make a forbidden call: a relay that lasts', async () => {
    const path = await served(echo);
    const { child, asked, said } = start(['proxy', `unix${path}`, '22'], 'inherit');
    await expect.poll(said, { timeout: 20_000 }).toBe(true);
    child.stdin?.write('still here');
    expect(String((await once(child.stdout as NodeJS.ReadableStream, 'data'))[0])).toBe('still here');
    expectRefused(asked());
  });

  it.each([
    { name: 'at a TCP port', local: () => '0', more: [] },
    { name: 'at a TCP port, with --private', local: () => '0', more: ['--private'] },
    { name: 'at a unix socket', local: () => join(dir, `local${count++}`), more: [] },
  ])('may no longer make a forbidden call: forward $name', async ({ local, more }) => {
    const path = join(dir, `m${count++}`);
    await multiplexer(path, echo);
    const where = local();
    const forward = start(['forward', '--json', ...more, `vsock-mux${path}`, '80', where], 'pipe');
    const { child, next, asked } = forward;
    const { listener } = (await next()) as unknown as { listener: Parameters<typeof connectTo>[0] };
    expectRefused(asked());
    // It goes on as it did.
    for (const bytes of ['one', 'two']) {
      const client = await connectTo(listener);
      client.end(bytes);
      expect(String(await readToEnd(client))).toBe(bytes);
      expect(await next()).toMatchObject({ event: 'closed', end: 'both', sent: 3, received: 3 });
    }
    await end(child);
    expect(existsSync(where)).toBe(false);
  });

  it('may no longer make a forbidden call: forward --reverse', async () => {
    const machine = await served(echo);
    const service = await served(echo);
    const { child, next, asked } = start(
      ['forward', '--json', '--reverse', `vsock-mux${machine}`, '5000', service],
      'pipe',
    );
    await next();
    expectRefused(asked());
    const client = await connectTo({ host: '', port: 0, path: `${machine}_5000` });
    client.end('one');
    expect(String(await readToEnd(client))).toBe('one');
    await end(child);
    expect(existsSync(`${machine}_5000`)).toBe(false);
  });

  it.each([
    { reason: 'ORDER', stays: [] },
    // It notes whose key ssh is about to keep.
    { reason: 'HOSTNAME', stays: ['open', 'openat', 'renameat', 'mkdirat'] },
  ])('may no longer make a forbidden call: host-key $reason', async ({ reason, stays }) => {
    const home = join(dir, `home${count++}`);
    const machine = { provider: 'qemu', name: 'web', target: 'qemu/web' };
    const { command, asked } = traced(['host-key', reason, 'web', ...key]);
    const { code, stdout, stderr } = await asAsked(command, home, { text: 'qemu/web', machine });
    const { before, after } = asked();
    expect({ code, before: before.length }).toEqual({ code: 0, before: askedCalls });
    expect(before.join()).not.toContain('ENOSYS');
    expect(after.map((each) => each.split(' ')[0])).toEqual(stays);
    const isNoted = reason === 'HOSTNAME';
    expect({ stdout, isSaid: stderr.includes('can confirm the host key') }).toEqual({
      stdout: '',
      isSaid: isNoted,
    });
    expect(existsSync(join(home, '.ssh/vmssh_known_hosts.new'))).toBe(isNoted);
  });

  it('keeps its rights with VMSSH_NO_SANDBOX', async () => {
    const path = await served((socket) => socket.end('SSH-2.0-x\r\n'));
    const { command, said } = traced(['nc', '--banner', `unix${path}`]);
    const env = { ...process.env, VMSSH_NO_SANDBOX: '1' };
    expect(await run(command, { env })).toMatchObject({ code: 0, stdout: 'SSH-2.0-x\n' });
    expect(said()).toBe(false);
  });

  it.skipIf(!refusing)('goes on as it is where the kernel has no such filter', async () => {
    const path = await served((socket) => socket.end('SSH-2.0-x\r\n'));
    const without = [refusing ?? '', 'seccomp', ...vmssh];
    const banner = await run([...without, 'nc', '--banner', `unix${path}`]);
    expect(banner).toMatchObject({ code: 0, stdout: 'SSH-2.0-x\n', stderr: '' });
    const local = join(dir, `local${count++}`);
    const [program = '', ...args] = [...without, 'forward', '--json', `unix${path}`, '22', local];
    const child = spawn(program, args, { stdio: 'pipe' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const { next } = follow(child);
    await next();
    const client = await connectTo({ host: '', port: 0, path: local });
    client.end();
    expect(String(await readToEnd(client))).toBe('SSH-2.0-x\r\n');
    expect(await next()).toMatchObject({ event: 'closed', end: 'both' });
  });

  /** Runs host-key after a proxy of the same process has left what it reached (src/keys/record.ts). */
  async function asAsked(command: readonly string[], home: string, reached: object) {
    const folder = join(home, '.local/state/vmssh/reached');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const env = { PATH: process.env.PATH, HOME: home };
    // The shell waits, and is then what starts the command.
    const child = spawn('/bin/sh', ['-c', 'read -r _ && exec "$@"', 'sh', ...command], {
      stdio: 'pipe',
      env,
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
    writeFileSync(join(folder, `ssh-${namespace}-${child.pid}-${start}`), JSON.stringify(reached), {
      mode: 0o600,
    });
    const ended = outcome(child);
    child.stdin.end('go\n');
    return within('end', ended);
  }

  function expectRefused({ before, after }: Asked): void {
    expect(before).toHaveLength(askedCalls);
    expect(before.join()).not.toContain('ENOSYS');
    expect(after).toEqual([]);
  }

  /** The command as one that is asked, and what it answered. */
  function traced(args: readonly string[]) {
    const file = join(dir, `asked${count++}`);
    const said = () => existsSync(file);
    const asked = () => parseAsked(readFileSync(file, 'utf8'));
    return { command: [asking ?? '', file, ...vmssh, ...args], said, asked };
  }

  function start(args: readonly string[], stderr: 'inherit' | 'pipe') {
    const { command, said, asked } = traced(args);
    const [program = '', ...rest] = command;
    const child = spawn(program, rest, { stdio: ['pipe', 'pipe', stderr] });
    onTestFinished(() => void child.kill('SIGKILL'));
    return { child, said, asked, next: stderr === 'pipe' ? follow(child).next : async () => ({}) };
  }

  /** Ends a command as its service manager would. */
  async function end(child: ChildProcess): Promise<void> {
    const ended = outcome(child);
    child.kill('SIGTERM');
    expect(await within('end', ended)).toMatchObject({ code: 0 });
  }

  async function served(serve: (socket: Socket) => void): Promise<string> {
    const path = join(dir, `s${count++}`);
    await listening(createServer({ allowHalfOpen: true }, serve), path);
    return path;
  }
});
