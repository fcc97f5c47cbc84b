import type { Socket } from 'node:net';
import { now } from '../clock.js';
import type { Endpoint } from '../endpoint.js';
import type { Connection } from './connection.js';

/** A connection over Node's own socket, for when the addon is missing. */
export class NodeConnection implements Connection {
  readonly endpoint: Endpoint;
  readonly handle = undefined;
  readonly #socket: Socket;
  /** Bytes that were peeked at but not yet read. */
  #ahead = Buffer.alloc(0);
  #failure: Error | undefined;

  /** Takes a connected socket with allowHalfOpen and without a reader. */
  constructor(endpoint: Endpoint, socket: Socket) {
    this.endpoint = endpoint;
    this.#socket = socket;
    socket.pause();
    socket.on('error', (error) => {
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
      this.#socket.write(data, (error) => (error ? reject(error) : resolve()));
    });
  }

  shutdown(): void {
    this.#socket.end();
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Fills `#ahead` with more than `known` bytes, if possible within the time and before end-of-file. */
  async #lookAhead(known: number, max: number, timeoutMs?: number): Promise<void> {
    const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : now() + timeoutMs;
    while (this.#ahead.length <= known && this.#ahead.length < max) {
      const bytes: Buffer | null = this.#socket.read();
      if (bytes) {
        this.#ahead = Buffer.concat([this.#ahead, bytes]);
        continue;
      }
      if (this.#failure && this.#ahead.length === 0) throw this.#failure;
      const left = deadline - now();
      if (this.#failure || this.#socket.readableEnded || this.#socket.destroyed || left <= 0) return;
      await nextChange(this.#socket, left);
    }
  }
}

function nextChange(socket: Socket, timeoutMs: number): Promise<void> {
  const events = ['readable', 'end', 'close', 'error'] as const;
  return new Promise((resolve) => {
    const timer = Number.isFinite(timeoutMs) ? setTimeout(done, timeoutMs) : undefined;
    for (const event of events) socket.on(event, done);
    function done() {
      clearTimeout(timer);
      for (const event of events) socket.off(event, done);
      resolve();
    }
  });
}
