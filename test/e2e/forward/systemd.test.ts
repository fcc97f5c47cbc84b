import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { lacks } from '../../helpers/programs.js';
import { outcome, run, vmssh } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { connectTo, multiplexer, readToEnd } from './forwarding.js';

const dir = useTempDir();
const missing = missingAddon() ?? lacks('systemd-socket-activate', 'socat');

/** systemd-socket-activate with a machine that echoes, once it listens; `args` are its own. */
async function activated(name: string, args: readonly string[], options: readonly string[] = []) {
  const machine = join(dir, `${name}.machine`);
  await multiplexer(machine, (socket) => void socket.pipe(socket));
  const target = `vsock-mux${machine}`;
  const command = [...vmssh, 'forward', '--json', ...options, target, '1', 'systemd'];
  const child = spawn('systemd-socket-activate', [...args, ...command], { stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = outcome(child);
  const listens = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
  for (const _ of args.filter((arg) => arg === '-l')) await listens.next();
  return { child, ended, target };
}

describe.skipIf(missing)('vmssh forward with sockets of systemd', () => {
  it('is started by the first client, serves all sockets, and ends when idle', async () => {
    const paths = ['a.sock', 'b.sock'].map((name) => join(dir, name));
    const { ended, target } = await activated(
      'idle',
      paths.flatMap((path) => ['-l', path]),
      ['--idle', '0.3'],
    );
    const clients = await Promise.all(paths.map((path) => connectTo({ host: '', port: 0, path })));
    for (const client of clients) {
      client.end('hello');
      expect(String(await readToEnd(client))).toBe('hello');
    }
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      ...paths.map((path) => ({ event: 'listening', listener: { path }, target, port: 1 })),
      { event: 'closed', end: 'both', sent: 5, received: 5 },
      { event: 'closed', end: 'both', sent: 5, received: 5 },
    ]);
  });

  it('keeps the sockets from programs that it starts', async () => {
    const path = join(dir, 'flags.sock');
    const { child, ended } = await activated('flags', ['-l', path]);
    const client = await connectTo({ host: '', port: 0, path });
    client.end('x');
    await readToEnd(client);
    const closeOnExec = 0o2000000;
    const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/${child.pid}/fdinfo/3`, 'utf8'))?.[1];
    expect(Number.parseInt(flags ?? '', 8) & closeOnExec).toBe(closeOnExec);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  });

  it.each([
    { name: 'a datagram socket', args: ['-d'], says: 'it is not a stream socket' },
    { name: 'a connection', args: ['-a'], says: 'the socket does not listen' },
  ])('refuses $name', async ({ args, name, says }) => {
    const path = join(dir, `${name}.sock`);
    const { child, ended } = await activated(name, [...args, '-l', path]);
    if (args.includes('-d')) await run(['socat', '-u', 'STDIN', `UNIX-SENDTO:${path}`], { input: 'x' });
    else {
      const client = await connectTo({ host: '', port: 0, path });
      await readToEnd(client);
      child.kill('SIGTERM');
    }
    const { stderr } = await ended;
    expect(stderr).toContain(`descriptor 3 cannot be listened on: getsockopt: ${says}`);
  });

  it.each([
    {
      name: 'more sockets than there are',
      set: 'LISTEN_FDS=2 LISTEN_PID=$$',
      says: 'descriptor 4 cannot be listened on',
    },
    { name: "another process's sockets", set: 'LISTEN_FDS=1 LISTEN_PID=1', says: 'LISTEN_PID is "1", and' },
    { name: 'no sockets', set: 'LISTEN_FDS= LISTEN_PID=$$', says: 'LISTEN_FDS is ""' },
  ])('refuses $name', async ({ set, name, says }) => {
    const path = join(dir, `${name}.sock`);
    const script = `${set}; export LISTEN_FDS LISTEN_PID; exec "$@"`.replace(' LISTEN_PID', '; LISTEN_PID');
    const { ended } = await activated(name, ['-l', path, 'sh', '-c', script, 'sh']);
    // It may end before it has the connection.
    const client = connectTo({ host: '', port: 0, path }).catch(() => undefined);
    const { code, stdout } = await ended;
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 1,
      ok: false,
      error: { code: 'LISTEN_FDS' },
    });
    expect(JSON.parse(stdout).error.problem).toContain(says);
    (await client)?.destroy();
  });
});
