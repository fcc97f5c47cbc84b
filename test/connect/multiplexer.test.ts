import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connect/connection.js';
import { askMultiplexer, multiplexerOf, readReply } from '../../src/connect/multiplexer.js';
import { openConnection } from '../../src/connect/open.js';
import { mux, openers, unix } from './openers.js';
import { deferred, useSocketFolder } from './socket-folder.js';

const enough = 20_000;
const banner = 'SSH-2.0-guest\r\n';

describe('readReply', () => {
  const lines = ['OK 0\n', 'OK 22\n', 'OK 1073741824\n', 'OK 4294967295\n', 'OK 4294967295\r\n'];
  it.each(lines)('knows %j at its last byte and not before', (line) => {
    for (let at = 0; at < line.length; at++) expect(readReply(Buffer.from(line.slice(0, at)))).toBe('more');
    for (const rest of ['', 'S', banner, '\n', '\0']) {
      expect(readReply(Buffer.from(line + rest))).toBe(line.length);
    }
  });

  it('knows a server that speaks at once', () => {
    for (const start of ['', 'S', 'SS', 'SSH']) expect(readReply(Buffer.from(start))).toBe('more');
    for (const start of ['SSH-', banner]) expect(readReply(Buffer.from(start))).toBe('ssh');
  });

  it.each([
    ...['OK\n', 'OK \n', 'OK x\n', 'OK  1\n', 'OK 1 \n', 'OK -1\n', 'OK 1\r\r\n', 'OK 12345678901\n'],
    ...['ok 1\n', ' OK 1\n', '\nOK 1\n', 'KO', 'SSX', 'HTTP/1.1 400', '\0', '\xff'],
  ])('takes %j for nothing else', (text) => {
    const replies = Array.from(text, (_, at) => readReply(Buffer.from(text.slice(0, at + 1), 'latin1')));
    expect(replies.at(-1)).toBe('garbage');
    expect(replies.slice(replies.indexOf('garbage'))).not.toContain('more');
    expect(replies.filter((reply) => reply !== 'more' && reply !== 'garbage')).toEqual([]);
  });
});

describe.each(openers)('a multiplexer that is asked $how', ({ skip, native }) => {
  const folder = useSocketFolder();
  let connection: Connection | undefined;
  afterEach(() => connection?.close());

  /** Calls `answer` once the first line is there, with it; `received` collects all that was sent. */
  async function multiplexer(answer: (peer: Socket, line: string) => void) {
    const received: string[] = [];
    const path = await folder.listen((peer) => {
      peer.setEncoding('latin1').on('data', (piece: unknown) => {
        const before = received.join('');
        received.push(String(piece));
        const line = received.join('');
        if (!before.includes('\n') && line.includes('\n')) answer(peer, line);
      });
    });
    return { path, received };
  }

  async function open(path: string, timeoutMs = enough, port = 22): Promise<Connection> {
    connection = await openConnection(mux(path, port), { timeoutMs }, native);
    return connection;
  }

  async function readAll(from: Connection): Promise<string> {
    const pieces: Uint8Array[] = [];
    for (;;) {
      const bytes = await from.read(4096);
      if (bytes.length === 0) return Buffer.concat(pieces).toString('latin1');
      pieces.push(bytes);
    }
  }

  const failure = (code: string, problem: string) => ({
    name: 'ConnectError',
    op: 'connect',
    target: expect.stringMatching(/^vsock-mux:\//),
    code,
    problem: expect.stringContaining(problem),
    hint: expect.any(String),
  });

  it.skipIf(skip).each([
    { name: 'well', answer: 'OK 22\n' },
    { name: 'with a number of ten digits', answer: 'OK 4294967295\n' },
    { name: 'with CR LF', answer: 'OK 1073741824\r\n' },
  ])('and answers $name: nothing of that reaches the reader', async ({ answer }) => {
    const { path, received } = await multiplexer((peer) => peer.end(answer + banner));
    expect(await readAll(await open(path))).toBe(banner);
    expect(received).toEqual(['CONNECT 22\n']);
  });

  it.skipIf(skip).each([0, 22, 4294967294])('is asked for port %i', async (port) => {
    const { path, received } = await multiplexer((peer) => peer.end('OK 1\n'));
    await open(path, enough, port);
    expect(received).toEqual([`CONNECT ${port}\n`]);
  });

  it.skipIf(skip)('and answers slowly: no byte goes out before', async () => {
    const asked = deferred<Socket>();
    const { path, received } = await multiplexer(asked.resolve);
    let opened = false;
    const opening = open(path).then((open) => {
      opened = true;
      return open.write(Buffer.from('SSH-2.0-client\r\n'));
    });
    const peer = await asked.promise;
    expect({ opened, received }).toEqual({ opened: false, received: ['CONNECT 22\n'] });
    const client = new Promise((resolve) => peer.on('data', resolve));
    peer.write('OK 1\n');
    await opening;
    expect(await client).toBe('SSH-2.0-client\r\n');
    expect(received.join('')).toBe('CONNECT 22\nSSH-2.0-client\r\n');
  });

  it.skipIf(skip)('and answers byte by byte', async () => {
    const { path } = await multiplexer(async (peer) => {
      for (const byte of `OK 4294967295\r\n${banner}`) {
        await new Promise((resolve) => peer.write(byte, resolve));
        await new Promise((resolve) => setImmediate(resolve));
      }
      peer.end();
    });
    expect(await readAll(await open(path))).toBe(banner);
  });

  it.skipIf(skip)('and speaks SSH at once, without an OK: nothing is consumed', async () => {
    const { path } = await multiplexer((peer) => peer.end(banner));
    expect(await readAll(await open(path))).toBe(banner);
  });

  it.skipIf(skip)('and says nothing at all: the socket is passed on as it is', async () => {
    const asked = deferred<Socket>();
    const { path } = await multiplexer(asked.resolve);
    connection = await openConnection(unix(path), { timeoutMs: enough }, native);
    await askMultiplexer(connection, 22, process.uptime() * 1000 + enough, 1);
    (await asked.promise).end(banner);
    expect(await readAll(connection)).toBe(banner);
  });

  it.skipIf(skip).each(['', 'O', 'OK', 'OK 1', 'S'])(
    'and leaves it at %j: is given up in time',
    async (start) => {
      const { path } = await multiplexer((peer) => peer.write(start));
      await expect(open(path, 50)).rejects.toMatchObject(failure('ETIMEDOUT', 'did not answer in time'));
    },
  );

  it.skipIf(skip).each(['', 'O', 'OK 10', 'SSH'])('and closes after %j: nobody listens', async (start) => {
    const { path } = await multiplexer((peer) => peer.end(start));
    await expect(open(path)).rejects.toMatchObject(
      failure('EOF', 'nothing listens on vsock port 22 in the guest (EOF)'),
    );
  });

  it.skipIf(skip)('and hangs up without reading: nobody listens', async () => {
    const path = await folder.listen((peer) => peer.pause().destroy());
    const problem = 'nothing listens on vsock port 22';
    await expect(open(path)).rejects.toMatchObject({
      ...failure('', problem),
      code: expect.stringMatching(/^(EOF|ECONNRESET|EPIPE)$/),
    });
  });

  it.skipIf(skip).each([
    { name: 'garbage', answer: '\x1b[2Jgarbage', quoted: '"\\x1b[2J' },
    { name: 'HTTP', answer: 'HTTP/1.1 400 Bad Request\r\n', quoted: '"HTTP/1.1 400' },
    { name: 'a number of eleven digits', answer: 'OK 12345678901\n', quoted: '"OK 12345678901' },
    { name: 'OK without a number', answer: 'OK\n', quoted: '"OK\\x0a' },
  ])('and answers $name: is not a multiplexer', async ({ answer, quoted }) => {
    const { path } = await multiplexer((peer) => peer.end(answer));
    const opening = open(path);
    await expect(opening).rejects.toMatchObject(failure('PROTOCOL', `it answered ${quoted}`));
    await expect(opening).rejects.toMatchObject({ message: expect.stringMatching(/^\P{Cc}*$/u) });
  });

  it.skipIf(skip)('is abandoned at once on an abort', async () => {
    const abort = new AbortController();
    const { path } = await multiplexer(() => abort.abort());
    const options = { timeoutMs: enough, signal: abort.signal };
    await expect(openConnection(mux(path), options, native)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

it.each([
  { endpoint: mux('/run/v'), path: '/run/v' },
  { endpoint: unix('/run/x'), path: undefined },
])('the socket of $endpoint.family is that of a multiplexer: $path', ({ endpoint, path }) => {
  expect(multiplexerOf({ endpoint })).toBe(path);
});
