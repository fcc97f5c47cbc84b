import { ResponseParser } from '../http-response.js';
import { knownOptions } from '../known-options.js';
import { EventEmitter } from './events.js';
import { connect, type Socket } from './net.js';

export interface RequestOptions {
  readonly socketPath: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly agent: false;
}

/** The body of an answer, as a stream. */
class Body implements AsyncIterable<Buffer> {
  readonly #parts: Buffer[] = [];
  #wake = () => {};
  #failure: Error | undefined;
  #complete = false;

  take(part: Buffer): void {
    this.#parts.push(part);
    this.#wake();
  }

  finish(): void {
    this.#complete = true;
    this.#wake();
  }

  /** Further reads throw this error. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const next = this.#parts.shift();
      if (next) yield next;
      else if (this.#complete) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

/** An answer. Its iteration throws if the connection breaks. */
export class IncomingMessage extends Body {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(statusCode: number, headers: Readonly<Record<string, string>>) {
    super();
    this.statusCode = statusCode;
    this.headers = headers;
  }
}

interface RequestEvents {
  readonly response: [response: IncomingMessage];
  readonly error: [error: NodeJS.ErrnoException];
}

/** A GET over a unix socket, with its own connection. Its "response" event has an IncomingMessage. */
export class ClientRequest extends EventEmitter<RequestEvents> {
  readonly #socket: Socket;
  readonly #head: string;
  readonly #signal: AbortSignal | undefined;
  readonly #parser = new ResponseParser();
  readonly #abort = () => this.destroy(aborted(this.#signal));
  #response: IncomingMessage | undefined;
  #over = false;

  constructor(options: RequestOptions) {
    super();
    knownOptions('http.request', options, ['socketPath', 'path', 'headers', 'signal', 'agent']);
    const lines = Object.entries(options.headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#head = `GET ${options.path} HTTP/1.1\r\n${lines.join('')}connection: close\r\n\r\n`;
    this.#signal = options.signal;
    if (this.#signal?.aborted) queueMicrotask(this.#abort);
    else this.#signal?.addEventListener('abort', this.#abort);
    this.#socket = connect({ path: options.socketPath });
    this.#socket.on('data', (bytes: Uint8Array) => this.#take(bytes));
    this.#socket.on('end', () => this.#take(undefined));
    this.#socket.on('error', (error: Error) => this.destroy(error));
  }

  end(): this {
    this.#socket.write(this.#head);
    return this;
  }

  /** Disconnects. Before the answer, `error` is an event; after that, the answer's iteration throws it. */
  destroy(error: Error = hangUp()): this {
    if (!this.#close()) return this;
    if (this.#response) this.#response.fail(error);
    else queueMicrotask(() => this.emit('error', error));
    return this;
  }

  /** Bytes of the answer, or its end. */
  #take(bytes: Uint8Array | undefined): void {
    if (this.#over) return;
    try {
      const { head, body, complete } = bytes === undefined ? this.#parser.end() : this.#parser.push(bytes);
      if (head) {
        this.#response = new IncomingMessage(head.status, head.headers);
        this.emit('response', this.#response);
      }
      for (const part of body) this.#response?.take(part);
      if (complete && this.#close()) this.#response?.finish();
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  /** False if it was already closed. */
  #close(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#socket.destroy();
    return true;
  }
}

export function request(options: RequestOptions): ClientRequest {
  return new ClientRequest(options);
}

function hangUp(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
}

function aborted(signal: AbortSignal | undefined): Error {
  const error = new Error('The operation was aborted', { cause: signal?.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}
