import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connect/connection.js';
import { openConnection } from '../../src/connect/open.js';
import { openers, unix } from './openers.js';
import { deferred, useSocketFolder } from './socket-folder.js';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
/** For what has to come; the test's own limit is longer. */
const enough = 20_000;

describe.each(openers)('a connection opened $how', ({ skip, native }) => {
  const folder = useSocketFolder();
  let connection: Connection;
  let peer: Socket;
  beforeEach(async () => {
    const accepted = deferred<Socket>();
    const path = await folder.listen(accepted.resolve);
    if (skip) return;
    connection = await openConnection(unix(path), { timeoutMs: enough }, native);
    peer = await accepted.promise;
  });
  afterEach(() => {
    if (!skip) connection.close();
  });

  it.skipIf(skip)('reads what there is, up to what is wanted, and the end', async () => {
    peer.end('abcdef');
    expect(text(await connection.peek(5, 100, enough))).toBe('abcdef');
    expect(text(await connection.read(2))).toBe('ab');
    expect(text(await connection.read(100))).toBe('cdef');
    expect(await connection.read(100)).toHaveLength(0);
    expect(await connection.read(100)).toHaveLength(0);
  });

  it.skipIf(skip)('looks without consuming', async () => {
    peer.write('abc');
    expect(text(await connection.peek(2, 100, enough))).toBe('abc');
    expect(text(await connection.peek(0, 2, enough))).toBe('ab');
    const more = connection.peek(3, 100, enough);
    peer.write('de');
    expect(text(await more)).toMatch(/^abcde?$/);
    expect(text(await connection.peek(4, 100, enough))).toBe('abcde');
    expect(text(await connection.read(5))).toBe('abcde');
  });

  it.skipIf(skip)('looks again at only what is there at the end, or when the time is over', async () => {
    peer.write('ab');
    expect(text(await connection.peek(1, 100, enough))).toBe('ab');
    expect(text(await connection.peek(2, 100, 1))).toBe('ab');
    expect(text(await connection.peek(2, 100, 0))).toBe('ab');
    peer.end();
    expect(text(await connection.peek(2, 100, enough))).toBe('ab');
    expect(text(await connection.read(100))).toBe('ab');
    expect(await connection.peek(0, 100, enough)).toHaveLength(0);
  });

  it.skipIf(skip)('half-closes: the peer reads the end and still answers', async () => {
    const chunks: Buffer[] = [];
    peer.on('data', (chunk) => chunks.push(chunk));
    await connection.write(Buffer.from('question'));
    connection.shutdown();
    await once(peer, 'end');
    expect(Buffer.concat(chunks).toString()).toBe('question');
    peer.end('answer');
    expect(text(await connection.peek(5, 100, enough))).toBe('answer');
  });

  it.skipIf(skip)('writes more than the kernel holds', async () => {
    const data = Buffer.alloc(4 << 20, 'x');
    let received = 0;
    const all = new Promise<void>((resolve) => {
      peer.on('data', (chunk) => {
        received += chunk.length;
        if (received === data.length) resolve();
      });
    });
    await Promise.all([connection.write(data), all]);
    expect(received).toBe(data.length);
  });

  it.skipIf(skip)('fails to write to a peer that is gone, with a code', async () => {
    peer.destroy();
    expect(await connection.read(1)).toHaveLength(0);
    const write = connection.write(Buffer.from('x'));
    await expect(write).rejects.toMatchObject({ code: expect.stringMatching(/^(EPIPE|ECONNRESET)$/) });
  });

  it.skipIf(skip)('ends a read by its close', async () => {
    const read = connection.peek(0, 1, enough).then(
      (bytes) => bytes.length,
      (error) => error.code,
    );
    connection.close();
    expect([0, 'ECANCELED']).toContain(await read);
    connection.close();
    if (!peer.closed) await once(peer.resume().end(), 'close');
  });
});
