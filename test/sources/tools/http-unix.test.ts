import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { getBytes, getJson } from '../../../src/sources/tools/http-unix.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

/** A service that answers as it likes. */
async function service(name: string, answer: (socket: Socket) => void): Promise<string> {
  const path = join(dir, name);
  const server = createServer((socket) => {
    socket.on('error', () => {}).once('data', () => answer(socket));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return path;
}

const head = 'HTTP/1.1 200 OK\r\n\r\n';
const failure = (code: string, message: string) =>
  expect.objectContaining({ name: 'DiscoveryError', code, message: expect.stringContaining(message) });

describe('an HTTP answer', () => {
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
      failure('PROTOCOL', 'GET / gave more than 16 MiB'),
    );
    expect(written).toBeLessThan(40);
  });

  it.each(['a byte', 'a header', 'a status'])('that comes %s at a time has one deadline', async (what) => {
    const byte =
      { 'a byte': '[', 'a header': 'A: b\r\n', 'a status': 'HTTP/1.1 102 Processing\r\n\r\n' }[what] ?? '';
    const path = await service(what, (socket) => {
      socket.write({ 'a byte': head, 'a header': 'HTTP/1.1 200 OK\r\n', 'a status': '' }[what] ?? '');
      const timer = setInterval(() => socket.write(byte), 20);
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
    const path = await service('bytes', (socket) => socket.end(`${head}0123456789`));
    expect((await getBytes(path, '/', { env: {} }, 10)).toString()).toBe('0123456789');
    await expect(getBytes(path, '/', { env: {} }, 9)).rejects.toEqual(
      failure('PROTOCOL', 'GET / gave more than 9 bytes'),
    );
  });

  it('that is cut short is refused', async () => {
    const path = await service('short', (socket) =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1]'),
    );
    await expect(getJson(path, '/', { env: {} })).rejects.toEqual(failure('ECONNRESET', 'aborted'));
  });
});
