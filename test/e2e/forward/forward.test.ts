import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, get } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { missingAddon } from '../../helpers/addon.js';
import { saying } from '../../helpers/expected.js';
import { begin, run, vmssh } from '../../helpers/run.js';
import { listening } from '../../helpers/sockets/servers.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { connectTo, endOf, forwarding, monitor, multiplexer, readToEnd, start } from './forwarding.js';

const dir = useTempDir();
let count = 0;

/** A machine whose program is `serve`, and its target. */
async function machine(serve: (socket: Socket, port: number) => void) {
  const path = join(dir, `m${count++}`);
  const server = await multiplexer(path, serve);
  return { server, target: `vsock-mux${path}` };
}

const echo = (socket: Socket) => void socket.pipe(socket);
const signals = [
  ['SIGINT', 130],
  ['SIGTERM', 0],
] as const;

describe.skipIf(missingAddon())('vmssh forward', () => {
  it('is reached by HTTP at the port that it names', async () => {
    const http = createHttp((request, response) => response.end(`you asked for ${request.url}`));
    const { target } = await machine((socket, port) => {
      expect(port).toBe(8080);
      http.emit('connection', socket);
    });
    const { listening } = await forwarding([target, '8080', '0']);
    expect(listening).toMatchObject({ event: 'listening', target, port: 8080, ok: true });
    const { host, port } = listening.listener;
    expect(host).toBe('127.0.0.1');
    const [answer] = await once(get({ host, port, path: '/page', agent: false }), 'response');
    expect((await answer.toArray()).join('')).toBe('you asked for /page');
  });

  it.each(['tcp', 'unix'] as const)('moves 64 MiB each way over %s, with equal sums', async (family) => {
    const { target } = await machine(echo);
    const local = family === 'tcp' ? '0' : join(dir, 'big.sock');
    const { connect, next, within } = await forwarding([target, '1', local]);
    const client = await connect();
    const bytes = randomBytes(64 << 20);
    const sum = createHash('sha256');
    client.on('data', (part) => sum.update(part));
    client.end(bytes);
    await within('end', once(client, 'end'));
    expect(sum.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(await next()).toMatchObject({
      event: 'closed',
      end: 'both',
      sent: bytes.length,
      received: bytes.length,
    });
  });

  it('passes an end on in both directions', async () => {
    const { target } = await machine(async (socket) => {
      const question = await readToEnd(socket);
      socket.end(`${question} has ${question.length} bytes`);
    });
    const { connect } = await forwarding([target, '1', '0']);
    const client = await connect();
    client.end('question');
    expect(String(await readToEnd(client))).toBe('question has 8 bytes');

    const other = await machine((socket) => {
      socket.end('goodbye');
      readToEnd(socket).then((rest) => late(String(rest)));
    });
    let late: (text: string) => void = () => {};
    const rest = new Promise<string>((resolve) => {
      late = resolve;
    });
    const second = await (await forwarding([other.target, '1', '0'])).connect();
    expect(String(await readToEnd(second))).toBe('goodbye');
    second.end('one more thing');
    expect(await rest).toBe('one more thing');
  });

  it.each([
    { how: 'program', signal: 'SIGKILL', sees: 'ECONNRESET', why: 'the monitor is killed' },
    { how: 'listener', signal: 'SIGUSR2', sees: 'ECONNRESET', why: 'the monitor stops' },
    { how: 'program', signal: 'SIGUSR2', sees: 'end', why: "only the machine's program ends" },
  ] as const)('a client sees $sees if $why', async ({ how, signal, sees }) => {
    const path = join(dir, `vmm${count++}`);
    const vmm = await monitor(path, how);
    const { connect, next, within } = await forwarding([`vsock-mux${path}`, '1', '0']);
    const client = await connect();
    client.end('ask');
    expect(String((await within('answer', once(client, 'data')))[0])).toBe('the first half');
    const ended = endOf(client);
    vmm.kill(signal);
    expect(await next()).toMatchObject(
      sees === 'end' ? { end: 'both' } : { end: 'failed', error: { op: 'relay', code: sees } },
    );
    expect(await ended).toBe(sees);
  });

  it('opens one connection to a multiplexer for each client', async () => {
    const { server, target } = await machine(echo);
    let connections = 0;
    server.on('connection', () => connections++);
    const { connect, next } = await forwarding([target, '1', '0']);
    for (const text of ['one', 'two']) {
      const client = await connect();
      client.end(text);
      expect(String(await readToEnd(client))).toBe(text);
      expect(await next()).toMatchObject({ event: 'closed', end: 'both' });
    }
    // A listener accepts in order: one that came between the clients was counted before the second one's answer.
    expect(connections).toBe(2);
  });

  it('serves many clients at once, at most --max of them', async () => {
    let open = 0;
    let most = 0;
    const { target } = await machine((socket) => {
      most = Math.max(most, ++open);
      socket.pipe(socket);
      socket.once('end', () => open--);
    });
    const { connect, child } = await forwarding(['--max', '5', target, '1', '0']);
    const ask = async (i: number) => {
      const client = await connect();
      client.end(`client ${i}`);
      return String(await readToEnd(client));
    };
    const clients = Array.from({ length: 60 }, (_, i) => i);
    expect(await Promise.all(clients.map(ask))).toEqual(clients.map((i) => `client ${i}`));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(5);
    const descriptors = () => readdirSync(`/proc/${child.pid}/fd`).length;
    const before = descriptors();
    expect(await Promise.all(clients.map(ask))).toHaveLength(60);
    await expect.poll(descriptors).toBeLessThanOrEqual(before);
  });

  it.each(signals)('is ended by %s with %i while it looks for the machine', async (signal, code) => {
    const INCUS_SOCKET = join(dir, `incus-${signal}`);
    const server = createServer().listen(INCUS_SOCKET);
    const child = start(['incus/web', '80', '0'], { ...process.env, INCUS_SOCKET });
    const said = Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
    const [asked] = await once(server, 'connection');
    child.kill(signal);
    expect(await once(child, 'close')).toEqual([code, null]);
    expect((await said).join('')).toBe('');
    asked.destroy();
    server.close();
  });

  it('keeps listening when the machine is off, and reaches it once it is back', async () => {
    const path = join(dir, 'off');
    const server = await multiplexer(path, echo);
    const { connect, next, child, ended } = await forwarding([`vsock-mux${path}`, '1', '0']);
    server.close();
    await once(server, 'close');
    const failed = await connect();
    expect(String(await readToEnd(failed))).toBe('');
    expect(await next()).toMatchObject({ event: 'closed', end: 'failed', error: { code: 'ENOENT' } });
    await multiplexer(path, echo);
    const client = await connect();
    client.end('back');
    expect(String(await readToEnd(client))).toBe('back');
    child.kill('SIGTERM');
    const { stderr } = await ended;
    expect(stderr.split('\n').filter((line) => line.includes('cannot connect to'))).toHaveLength(1);
  });

  it.each(signals)(
    'ends by %s in the middle of a transfer: exit %i, no socket left',
    async (signal, code) => {
      const { target } = await machine((socket) => {
        const more = () => {
          while (socket.write(Buffer.alloc(1 << 16)));
        };
        socket.on('drain', more);
        more();
      });
      const path = join(dir, `end-${signal}.sock`);
      const { connect, next, child, ended } = await forwarding([target, '1', path]);
      const client = await connect();
      await once(client, 'data');
      const closed = readToEnd(client);
      child.kill(signal);
      expect(await next()).toMatchObject({ event: 'closed', end: 'stopped' });
      expect(await ended).toMatchObject({ code, signal: null, stderr: '' });
      await closed;
      expect(existsSync(path)).toBe(false);
    },
  );

  it('makes a unix socket that only its owner can use, and takes over a dead one', async () => {
    const { target } = await machine(echo);
    const path = join(dir, 'own.sock');
    const first = await forwarding([target, '1', path]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const busy = await run([...vmssh, 'forward', target, '1', path]);
    expect(busy).toMatchObject({ code: 1, stdout: '' });
    expect(busy.stderr).toContain('another program listens there');
    first.child.kill('SIGKILL');
    await first.ended;
    expect(existsSync(path)).toBe(true);
    const second = await forwarding([target, '1', path]);
    const client = await connectTo({ host: '', port: 0, path });
    client.end('again');
    expect(String(await readToEnd(client))).toBe('again');
    second.child.kill('SIGTERM');
    await second.ended;
    expect(existsSync(path)).toBe(false);
  });

  it('leaves files alone that are no sockets, and names a port that is taken', async () => {
    const { target } = await machine(echo);
    const file = join(dir, 'file');
    writeFileSync(file, 'mine');
    const refused = await run([...vmssh, 'forward', target, '1', file]);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('a file that is not a socket');
    const port = await listening(createServer());
    const taken = await run([...vmssh, 'forward', target, '1', String(port)]);
    expect(taken).toMatchObject({ code: 1, stdout: '' });
    expect(taken.stderr).toContain(
      `cannot listen on "127.0.0.1:${port}": another program listens there (EADDRINUSE)`,
    );
    expect(taken.stderr).toMatch(/hint: .*forward \S+ 1 0\n/);
  });

  it('warns of an address that others can reach', async () => {
    const { target } = await machine(echo);
    const { child, ended } = await forwarding([target, '1', '0.0.0.0:0']);
    child.kill('SIGTERM');
    expect((await ended).stderr).toMatch(
      /^vmssh: warning: the whole network can connect to 0\.0\.0\.0:\d+, /,
    );
  });

  it.each([
    ['terminal', '', '\\d\\d:\\d\\d:\\d\\d '],
    ['journal, which has a clock', 'JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2)', ''],
  ])('says where it listens, and with -v how each connection ended: %s', async (_, set, time) => {
    const { target } = await machine(echo);
    const path = join(dir, 'said.sock');
    const words = [...vmssh, 'forward', '-v', target, '7', path];
    const child = begin(['sh', '-c', `${set} exec "$@"`, 'sh', ...words]);
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
    expect(line).toBe(`✓ ${path} → ${target}:7   Ctrl-C stops it\n`);
    const client = await connectTo({ host: '', port: 0, path });
    client.end('12345');
    const [said] = await once(child.stderr.setEncoding('utf8'), 'data');
    const moved = '5 bytes out, 5 bytes in, ended by both sides';
    expect(said).toMatch(new RegExp(`^vmssh: ${time}a client: \\d+\\.\\d s, ${moved}\n$`));
  });

  it('goes on when nobody reads its stdout any more, as a script waits for its first line', async () => {
    const { target } = await machine(echo);
    const path = join(dir, 'unread.sock');
    const child = start(['--json', target, '7', path]);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    for (const word of ['one', 'two']) {
      const client = await connectTo({ host: '', port: 0, path });
      client.end(word);
      expect(String(await readToEnd(client))).toBe(word);
    }
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
  });

  it.each([
    { args: ['unix/run/x.sock', '80', '0'], says: 'this socket has no ports: 80 cannot be reached', code: 2 },
    { args: ['vsock:3:5000', '80'], says: 'its address names port 5000: 80 cannot be reached', code: 2 },
    { args: ['vsock/3', '4294967295'], says: 'port 4294967295 cannot be used', code: 2 },
    { args: ['vsock/3', '70000'], says: 'there is no TCP port 70000', code: 2 },
    { args: ['vsock/3', '80', 'example.com:80'], says: 'got "example.com:80"', code: 2 },
    { args: ['--max', '0', 'vsock/3', '80'], says: '--max takes a number from 1 to 500, not "0"', code: 2 },
    { args: ['no-such-machine', '80', '0'], says: 'no-such-machine', code: 4 },
    { args: ['vsock/3'], says: 'TARGET PORT [LOCAL]', code: 2 },
  ])('$args: $says', async ({ args, says, code }) => {
    expect(await run([...vmssh, 'forward', ...args])).toMatchObject({ stdout: '', ...saying(code, says) });
  });
});
