import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect, createServer, isIP, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Case, failure } from './case.js';
import { all, withPair } from './pair.js';

/** What a client takes from a server that gives this answer: a status and a text, or a code. */
async function answered(...parts: readonly string[]): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'vmssh-t-'));
  const server = createServer({ pauseOnConnect: true });
  try {
    server.listen(join(folder, 's'));
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const asked = ask(join(folder, 's'));
    const [socket] = await accepted;
    socket.on('error', () => {});
    for (const part of parts) await new Promise((resolve) => socket.write(part, resolve));
    socket.end();
    socket.resume();
    return await asked;
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ask(socketPath: string, signal?: AbortSignal): Promise<unknown> {
  const options = { socketPath, path: '/x', headers: { host: 'localhost' }, agent: false } as const;
  const asked = request(signal ? { ...options, signal } : options);
  asked.on('error', () => {});
  try {
    const [response]: IncomingMessage[] = await once(asked.end(), 'response');
    let text = '';
    for await (const part of response as AsyncIterable<Buffer>) text += part;
    return [response?.statusCode, text];
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  } finally {
    asked.destroy();
  }
}

export const sockets: readonly Case[] = [
  {
    name: 'addresses',
    run: () => ['127.0.0.1', '::1', 'fe80::1%eth0', '1.2.3', '', 'localhost', '1.2.3.4\0'].map(isIP),
    want: [4, 6, 6, 0, 0, 0, 0],
  },
  {
    name: 'bytes in one direction, to their end',
    run: () =>
      withPair(async (client, served) => {
        served.write('a');
        served.end('b'.repeat(1_000_000));
        return (await all(client)).length;
      }),
    want: 1_000_001,
  },
  {
    name: 'bytes in the other direction',
    run: () =>
      withPair(async (client, served) => {
        await new Promise((resolve) => client.write('hello', resolve));
        client.end();
        return all(served);
      }),
    want: 'hello',
  },
  {
    name: 'nobody listens',
    run: async () => {
      const socket = connect({ path: '/no/such/socket' });
      const error = await new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve));
      return [error.code, error.message, error.syscall];
    },
    want: ['ENOENT', 'connect ENOENT /no/such/socket', 'connect'],
  },
  {
    name: 'destroyed with an error',
    run: () =>
      withPair((client) => {
        client.destroy(Object.assign(new Error('x'), { code: 'EX' }));
        return Promise.all([failure(() => once(client, 'close')), failure(() => all(client))]);
      }),
    want: ['EX', 'EX'],
  },
  {
    name: 'a write after the end',
    run: () =>
      withPair(async (client) => {
        client.on('error', () => {});
        client.destroy();
        return new Promise((resolve) => client.write('x', (error) => resolve(error instanceof Error)));
      }),
    want: true,
  },
  {
    name: 'an answer with a length',
    run: () => answered('HTTP/1.1 200 OK\r\nContent-Le', 'ngth: 5\r\n\r\nhel', 'lo'),
    want: [200, 'hello'],
  },
  {
    name: 'an answer in chunks',
    run: () =>
      answered(
        'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel',
        'lo\r\n1;x=y\r\n!\r\n0\r\n\r\n',
      ),
    want: [404, 'hello!'],
  },
  {
    name: 'headers in blanks, and an interim answer',
    run: () =>
      answered(
        'HTTP/1.1 103 Early Hints\r\nA:\r\n\r\n',
        'HTTP/1.1 200 OK\r\nContent-Length:   5  \r\nB:   \r\n\r\nhello',
      ),
    want: [200, 'hello'],
  },
  {
    name: 'a header without a name',
    run: () => answered('HTTP/1.1 200 OK\r\n: x\r\n\r\n'),
    want: 'HPE_INVALID_HEADER_TOKEN',
  },
  {
    name: 'an answer up to the end',
    run: () => answered('HTTP/1.0 200 OK\r\n\r\nhel', 'lo'),
    want: [200, 'hello'],
  },
  {
    name: 'an answer that is cut',
    run: () => answered('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel'),
    want: 'ECONNRESET',
  },
  { name: 'no answer', run: () => answered(''), want: 'ECONNRESET' },
  { name: 'a question that is given up', run: () => ask('/no/such', AbortSignal.abort()), want: 'ABORT_ERR' },
  { name: 'no service', run: () => ask('/no/such'), want: 'ENOENT' },
  { name: 'no HTTP', run: () => answered('SSH-2.0-x\r\n\r\n'), want: 'HPE_INVALID_CONSTANT' },
];
