import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { getBytes, getJson } from '../../../src/sources/tools/http-unix.js';
import { listening } from '../../helpers/sockets/servers.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();

async function service(name: string, answer: (socket: Socket) => void): Promise<string> {
  const path = join(dir, name);
  await listening(
    createServer((socket) => socket.once('data', () => answer(socket))),
    path,
  );
  return path;
}

const head = 'HTTP/1.1 200 OK\r\n\r\n';
const failure = (code: string, message: string) =>
  expect.objectContaining({ name: 'DiscoveryError', code, message: expect.stringContaining(message) });

describe('an HTTP answer', () => {
  it('is not asked for at a path that no socket has: a shorter one is another socket', async () => {
    const path = await service('s'.repeat(106 - dir.length), (socket) => socket.end(`${head}{}`));
    const problem = 'the socket path has 110 bytes and AF_UNIX takes at most 107';
    await expect(getJson(`${path}xyz`, '/', { env: {} })).rejects.toEqual(failure('INCOMPLETE', problem));
  });

  it('without an end is cut off, and nothing of it is parsed', async () => {
    let written = 0;
    const part = '['.repeat(1 << 20);
    const path = await service('endless', (socket) => {
      socket.write(head);
      const more = () => {
        if (written >= 80) return socket.end();
        written++;
        socket.write(part, (error) => error ?? more());
      };
      more();
    });
    await expect(getJson(path, '/', { env: {} })).rejects.toEqual(
      failure('PROTOCOL', 'GET / gave more than 16384 KiB'),
    );
    expect(written).toBeLessThan(40);
  });

  it.each([
    { name: 'a byte', start: head, part: '[' },
    { name: 'a header', start: 'HTTP/1.1 200 OK\r\n', part: 'A: b\r\n' },
  ])('that comes $name at a time has one deadline', async ({ name, start, part }) => {
    const path = await service(name, (socket) => {
      socket.write(start);
      const timer = setInterval(() => socket.write(part), 20);
      socket.once('close', () => clearInterval(timer));
    });
    await expect(getJson(path, '/', { env: {}, timeoutMs: 200 })).rejects.toEqual(
      failure('TIMEOUT', 'no answer within 0.2 s'),
    );
  });

  it.each([
    { name: 'nests', text: `${'['.repeat(1e6)}${']'.repeat(1e6)}`, why: 'more than 64 levels' },
    { name: 'holds', text: `[${'[],'.repeat(2e6)}1]`, why: 'more than 1048576 values' },
  ])('that $name more than any machine has is not read', async ({ name, text, why }) => {
    const path = await service(name, (socket) => socket.end(head + text));
    await expect(getJson(path, '/', { env: {} })).rejects.toEqual(failure('PROTOCOL', why));
  });

  it('that is wanted as it comes has the limit of its caller', async () => {
    const body = '0'.repeat(1025);
    const path = await service('bytes', (socket) => socket.end(head + body));
    expect((await getBytes(path, '/', { env: {} }, 1025)).toString()).toBe(body);
    await expect(getBytes(path, '/', { env: {} }, 1024)).rejects.toEqual(
      failure('PROTOCOL', 'GET / gave more than 1 KiB'),
    );
  });

  it.each([
    { name: 'with a length', answer: 'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n[1]' },
    { name: 'with a length and more', answer: 'HTTP/1.1 200 OK\r\ncontent-length:   3  \r\nA:\r\n\r\n[1]]' },
    { name: 'up to the end', answer: 'HTTP/1.1 200\r\nA: b\r\n\r\n[1]' },
  ])('$name is read wherever it is split', async ({ name, answer }) => {
    for (let at = 1; at < answer.length; at++) {
      const path = await service(`${name} ${at}`, (socket) => {
        socket.write(answer.slice(0, at), () => setImmediate(() => socket.end(answer.slice(at))));
      });
      expect(await getJson(path, '/', { env: {} })).toEqual([1]);
    }
  });

  it.each([
    ['cut short', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1]', ['ECONNRESET', 'ended before']],
    ['none', '', ['ECONNRESET', 'ended before']],
    ['no JSON', 'HTTP/1.1 200 OK\r\n\r\nx', ['PROTOCOL', 'not JSON']],
    ['no HTTP', 'SSH-2.0-x\r\n\r\n', ['PROTOCOL', 'it has no status']],
    ['of chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', ['PROTOCOL', 'in chunks']],
    ['of no length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', ['PROTOCOL', 'no number']],
    ['of headers', `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(20_000)}\r\n\r\n`, ['PROTOCOL', 'too long']],
    ['interim', 'HTTP/1.1 103 Early Hints\r\n\r\n', ['FAILED', 'gave status 103']],
  ] as const)('that is $0 is refused', async (name, answer, why) => {
    const path = await service(name, (socket) => socket.end(answer));
    await expect(getJson(path, '/', { env: {} })).rejects.toEqual(failure(why[0], why[1]));
  });

  it('that does not come before its caller gives up is a failure, as where nobody listens', async () => {
    const path = await service('silent', () => {});
    const signal = AbortSignal.timeout(20);
    const late = failure('TIMEOUT', 'no answer in time');
    await expect(getJson(path, '/', { env: {}, signal })).rejects.toEqual(late);
    await expect(getJson(join(dir, 'absent'), '/', { env: {} })).rejects.toEqual(failure('ENOENT', ''));
  });

  it('that is missing tells that its service is gone', async () => {
    const path = await service('gone', (socket) => socket.end('HTTP/1.0 404 Not Found\r\n\r\n'));
    await expect(getJson(path, '/', { env: {} })).rejects.toMatchObject({ code: 'FAILED', isGone: true });
  });
});
