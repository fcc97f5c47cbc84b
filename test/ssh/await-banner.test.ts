import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connect/connection.js';
import { openConnection } from '../../src/connect/open.js';
import { exitCodeOf, type NoBannerReason } from '../../src/errors.js';
import { suspects } from '../../src/guest/diagnose.js';
import { awaitBanner } from '../../src/ssh/await-banner.js';
import { bannerLimit } from '../../src/ssh/banner.js';
import { openers, unix } from '../connect/openers.js';
import { SocketFolder } from '../connect/socket-folder.js';

const enough = 20_000;
const banner = 'SSH-2.0-guest';

describe.each(openers)('awaitBanner over a socket opened $how', ({ skip, native }) => {
  let folder: SocketFolder;
  let connection: Connection | undefined;
  beforeEach(() => {
    folder = new SocketFolder();
  });
  afterEach(() => {
    connection?.close();
    folder.stop();
  });

  async function open(serve: (peer: Socket) => void): Promise<Connection> {
    const path = await folder.listen(serve);
    connection = await openConnection(unix(path), { target: 't', timeoutMs: enough }, native);
    return connection;
  }

  const refusal = (reason: NoBannerReason, problem: unknown, hint: unknown = undefined) => ({
    name: 'ConnectError',
    op: 'handshake',
    code: 'NO_BANNER',
    target: 't',
    reason,
    problem,
    hint,
  });

  it.skipIf(skip)('gives the banner and leaves every byte', async () => {
    const from = await open((peer) => peer.end(`hello\r\n${banner}\r\nmore`));
    expect(await awaitBanner(from, 't', enough)).toBe(banner);
    expect(await awaitBanner(from, 't', enough)).toBe(banner);
    const bytes: Uint8Array[] = [];
    for (let piece = await from.read(7); piece.length > 0; piece = await from.read(7)) bytes.push(piece);
    expect(Buffer.concat(bytes).toString()).toBe(`hello\r\n${banner}\r\nmore`);
  });

  it.skipIf(skip)('puts it together byte by byte', async () => {
    const from = await open(async (peer) => {
      for (const byte of `hello\n${banner}\r\n`) {
        await new Promise((resolve) => peer.write(byte, resolve));
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    expect(await awaitBanner(from, 't', enough)).toBe(banner);
  });

  it.skipIf(skip)('recognizes a web server, which waits for a request', async () => {
    const server = createServer();
    const path = join(folder.path, 'web');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    connection = await openConnection(unix(path), { target: 't', timeoutMs: enough }, native);
    const problem = 'something answers, but it is not an SSH server: it says "HTTP/1.1 400 Bad Request"';
    await expect(awaitBanner(connection, 't', 50)).rejects.toMatchObject(refusal('not-ssh', problem));
    server.close();
  });

  it.skipIf(skip)('is recognized by its text', async () => {
    const from = await open((peer) => peer.write('HTTP/1.1 408 Request Timeout\r\n'));
    const problem = 'something answers, but it is a web server: HTTP/1.1 408 Request Timeout';
    await expect(awaitBanner(from, 't', enough)).rejects.toMatchObject(refusal('not-ssh', problem));
  });

  it.skipIf(skip).each(['', 'SSH-2.0-gu', 'refused\r\n'])('reports a close after %j', async (start) => {
    const from = await open((peer) => peer.end(start));
    const failure = await awaitBanner(from, 't', enough).catch((error) => error);
    const problem = 'the connection was closed before a banner came';
    expect(failure).toMatchObject(refusal('closed', problem, expect.stringContaining('journalctl')));
    expect(exitCodeOf(failure)).toBe(3);
  });

  it.skipIf(skip).each(['', 'SSH-2.0-gu', 'Welcome\r\n'])('reports silence after %j', async (start) => {
    const from = await open((peer) => peer.write(start));
    const problem = 'connected, but no SSH banner came in 0.05 s';
    const hint = expect.stringContaining('Accept=yes');
    await expect(awaitBanner(from, 't', 50.000_25)).rejects.toMatchObject(refusal('silent', problem, hint));
  });

  it.skipIf(skip).each([
    { name: 'binary data', bytes: '\x16\x03\x01\0', why: 'it sent binary data' },
    {
      name: 'an old version',
      bytes: 'SSH-1.5-x\x1b\n',
      why: 'it speaks another version of SSH: SSH-1.5-x\x1b',
    },
    { name: 'too many lines', bytes: 'x\n'.repeat(bannerLimit), why: 'no banner in 16384 bytes' },
    {
      name: 'a banner that starts too late',
      bytes: `${'x\n'.repeat(bannerLimit / 2 - 2)}SSH-2.0-x\r\n`,
      why: 'no banner in 16384 bytes',
    },
  ])('reports $name', async ({ bytes, why }) => {
    const from = await open((peer) => peer.write(bytes));
    const failure = awaitBanner(from, 't', enough);
    await expect(failure).rejects.toMatchObject(refusal('not-ssh', `something answers, but ${why}`));
    await expect(failure).rejects.toMatchObject({ message: expect.stringMatching(/^\P{Cc}*$/u) });
  });

  it.skipIf(skip).each(['SSH-1.5-closed\n', 'SSH-1.5-no SSH banner came\n', 'SSH-1.5-broke\n'])(
    'does not take %j for a sign of a fault in the guest',
    async (start) => {
      const from = await open((peer) => peer.end(start));
      const failure = await awaitBanner(from, 't', enough).catch((error) => error);
      expect(failure).toMatchObject({ reason: 'not-ssh' });
      expect(suspects(failure, 'vsock')).toEqual([]);
    },
  );

  it.skipIf(skip)('ends on an abort', async () => {
    const abort = new AbortController();
    const from = await open(() => setImmediate(() => abort.abort()));
    const failure = await awaitBanner(from, 't', enough, abort.signal).catch((error) => error);
    expect(failure).toMatchObject({ op: 'handshake', code: 'INTERRUPTED', target: 't' });
    expect(exitCodeOf(failure)).toBe(130);
  });

  it.skipIf(skip)('does not start after an abort', async () => {
    const from = await open(() => {});
    const waiting = awaitBanner(from, 't', enough, AbortSignal.abort());
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});
