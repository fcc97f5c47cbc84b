import { once } from 'node:events';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { before, now } from '../base/runtime.js';
import { fitsSocket } from '../typed/names.js';
import type { Endpoint } from '../typed/route.js';
import type { Connection, OpenOptions } from './connection.js';

/** Opens a unix or TCP socket without the addon. Rejects with Node's error, or ETIMEDOUT. */
export async function openNodeSocket(
  endpoint: Extract<Endpoint, { family: 'unix' | 'vsock-mux' | 'tcp' }>,
  { timeoutMs, signal }: OpenOptions,
): Promise<Connection> {
  if (endpoint.family !== 'tcp' && !fitsSocket(endpoint.path))
    throw Object.assign(new Error('connect: path too long'), { code: 'ENAMETOOLONG' });
  const where =
    endpoint.family === 'tcp' ? { host: endpoint.host, port: endpoint.port } : { path: endpoint.path };
  const socket = connect({ ...where, allowHalfOpen: true });
  const abort = () => void socket.destroy(new Error('aborted'));
  signal?.addEventListener('abort', abort);
  try {
    const isOpen = await before(once(socket, 'connect'), now() + timeoutMs);
    if (!isOpen) throw Object.assign(new Error('connect: timed out'), { code: 'ETIMEDOUT' });
    return new NodeConnection(endpoint, socket, socket);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    socket.on('error', () => {});
  }
}

interface Output {
  write(data: Uint8Array, done: (error?: Error | null) => void): unknown;
  end(): unknown;
  destroy(): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** A connection over Node's own streams, for when the addon is missing: a socket, or a program's stdin and stdout. */
export class NodeConnection implements Connection {
  readonly endpoint: Endpoint;
  readonly handle = undefined;
  readonly #input: Readable;
  readonly #output: Output;
  /** Bytes that were peeked at but not yet read. */
  #ahead = Buffer.alloc(0);
  #failure: Error | undefined;

  /** Takes streams without a reader: of a socket, which has allowHalfOpen, twice the same. */
  constructor(endpoint: Endpoint, input: Readable, output: Output) {
    this.endpoint = endpoint;
    this.#input = input;
    this.#output = output;
    input.pause();
    // With it, a program's end does not let its unread output flow away.
    input.on('readable', () => {});
    // A write that fails reports it, and what the peer has sent can still be read.
    output.on('error', () => {});
    input.on('error', (error) => {
      this.#failure = error;
    });
  }

  async read(max: number): Promise<Uint8Array> {
    await this.#lookAhead(0, max);
    const bytes = this.#ahead.subarray(0, max);
    this.#ahead = this.#ahead.subarray(bytes.length);
    return bytes;
  }

  async peek(known: number, max: number, timeoutMs: number): Promise<Uint8Array> {
    await this.#lookAhead(known, max, timeoutMs);
    return this.#ahead.subarray(0, max);
  }

  write(data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#output.write(data, (error) => (error ? reject(error) : resolve()));
    });
  }

  shutdown(): void {
    this.#output.end();
  }

  close(): void {
    this.#input.destroy();
    this.#output.destroy();
  }

  /** Fills `#ahead` with more than `known` bytes, if possible within the time and before end-of-file. */
  async #lookAhead(known: number, max: number, timeoutMs?: number): Promise<void> {
    const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : now() + timeoutMs;
    while (this.#ahead.length <= known && this.#ahead.length < max) {
      const bytes: Buffer | null = this.#input.read();
      if (bytes) {
        this.#ahead = Buffer.concat([this.#ahead, bytes]);
        continue;
      }
      if (this.#failure && this.#ahead.length === 0) throw this.#failure;
      const left = deadline - now();
      if (this.#failure || this.#input.readableEnded || this.#input.destroyed || left <= 0) return;
      await nextChange(this.#input, left);
    }
  }
}

function nextChange(stream: Readable, timeoutMs: number): Promise<void> {
  const events = ['readable', 'end', 'close', 'error'] as const;
  return new Promise((resolve) => {
    const timer = Number.isFinite(timeoutMs) ? setTimeout(done, timeoutMs) : undefined;
    for (const event of events) stream.on(event, done);
    function done() {
      clearTimeout(timer);
      for (const event of events) stream.off(event, done);
      resolve();
    }
  });
}
