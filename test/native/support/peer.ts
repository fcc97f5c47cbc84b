import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Address, Handle } from 'node-hvsock-native';
import { it, onTestFinished } from 'vitest';
import { listening } from '../../helpers/sockets/servers.js';
import { addon } from './addon.js';

/** A folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hvsock-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A server on a Unix socket. Its connections are paused, and stay half-open, until the test does otherwise. */
export async function listen(
  onConnection: (socket: Socket) => void = () => {},
): Promise<{ path: string; server: Server }> {
  const path = join(temporaryFolder(), 'socket');
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, onConnection);
  await listening(server, path);
  return { path, server };
}

export function connect(path: string, timeoutMs = 20_000): Promise<Handle> {
  return addon.connect({ family: 'unix', path }, timeoutMs).promise;
}

/** A handle and the peer's end of it. */
export async function connectedPair(): Promise<{ handle: Handle; peer: Socket }> {
  let accepted: (socket: Socket) => void = () => {};
  const connection = new Promise<Socket>((resolve) => {
    accepted = resolve;
  });
  const { path } = await listen((socket) => accepted(socket));
  const handle = await connect(path);
  onTestFinished(() => addon.close(handle));
  return { handle, peer: await connection };
}

/** A test that has a handle, and the peer's end of it. */
export function itPaired(
  name: string,
  test: (pair: { handle: Handle; peer: Socket }) => Promise<void>,
): void {
  it(name, async () => test(await connectedPair()));
}

/** Everything up to end-of-file. The stream stays open for writing. */
export async function readToEnd(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.resume(); // the server pauses its connections
  await once(stream, 'end');
  return Buffer.concat(chunks);
}

/** The code of what a promise rejects with. */
export function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => ({ resolved: value }),
    (error: { code?: unknown }) => error.code,
  );
}

/** The port of a TCP address; 0 of any other. */
export function portOf(address: Address | undefined): number {
  return address?.family === 'inet' ? address.port : 0;
}
