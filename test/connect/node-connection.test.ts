import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeConnection, openNodeSocket } from '../../src/connect/node-connection.js';
import type { Endpoint } from '../../src/typed/route.js';
import { unix } from './openers.js';
import { deferred } from './socket-folder.js';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
/** Longer than a test may take. */
const hour = 3_600_000;

describe('a socket opened by Node', () => {
  let server: Server;
  let accepted: Promise<Socket>;
  beforeEach(async () => {
    const { promise, resolve } = deferred<Socket>();
    accepted = promise;
    server = createServer({ allowHalfOpen: true }, (socket) => resolve(socket.on('error', () => {})));
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(async () => {
    server.close();
  });
  function open(more: { timeoutMs?: number; signal?: AbortSignal } = {}) {
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    return openNodeSocket({ family: 'tcp', host: '127.0.0.1', port }, { timeoutMs: hour, ...more });
  }

  it('is given up by an abort', async () => {
    const abort = new AbortController();
    const opening = open({ signal: abort.signal });
    abort.abort();
    await expect(opening).rejects.toThrow('aborted');
  });

  it('is given up when its time is over', async () => {
    const opening = open({ timeoutMs: 1 });
    // Nothing that the kernel has to say is seen before.
    const start = process.hrtime.bigint();
    while (process.hrtime.bigint() - start < 50_000_000n);
    await expect(opening).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('goes on after an abort once it is open, and answers a peer that has ended', async () => {
    const abort = new AbortController();
    const connection = await open({ signal: abort.signal });
    abort.abort();
    const peer = await accepted;
    peer.end('bye');
    expect(text(await connection.read(100))).toBe('bye');
    expect(await connection.read(100)).toHaveLength(0);
    await connection.write(Buffer.from('answer'));
    connection.shutdown();
    let got = '';
    for await (const part of peer) got += part;
    expect(got).toBe('answer');
    connection.close();
  });

  it('is no end-of-file if it is reset', async () => {
    const connection = await open();
    (await accepted).resetAndDestroy();
    await expect(connection.read(100)).rejects.toMatchObject({ code: 'ECONNRESET' });
    connection.close();
  });
});

describe('a connection over streams', () => {
  const endpoint: Endpoint = unix('/run/x');

  it('gives what had come before a failure, and then the failure', async () => {
    const input = new PassThrough();
    const connection = new NodeConnection(endpoint, input, new PassThrough());
    input.write('abc');
    expect(text(await connection.peek(0, 100, hour))).toBe('abc');
    input.destroy(Object.assign(new Error('gone'), { code: 'ECONNRESET' }));
    await once(input, 'close').catch(() => {});
    expect(text(await connection.peek(3, 100, hour))).toBe('abc');
    expect(text(await connection.read(100))).toBe('abc');
    await expect(connection.read(100)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('does not wait for more than is wanted', async () => {
    const input = new PassThrough();
    const connection = new NodeConnection(endpoint, input, new PassThrough());
    input.write('abc');
    expect(text(await connection.peek(5, 3, hour))).toBe('abc');
    expect(text(await connection.peek(3, 3, hour))).toBe('abc');
  });

  it('outlives an output that fails: what has come can still be read', async () => {
    const output = new PassThrough();
    const input = new PassThrough();
    const connection = new NodeConnection(endpoint, input, output);
    output.destroy(new Error('gone'));
    await expect(connection.write(Buffer.from('x'))).rejects.toThrow();
    input.end('last');
    expect(text(await connection.read(100))).toBe('last');
    expect(await connection.read(100)).toHaveLength(0);
  });
});
