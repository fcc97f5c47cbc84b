import { ResponseParser } from '../http/response-parser.js';
import { EventEmitter } from './events.js';
import { connect, type Socket } from './net.js';

export interface RequestOptions {
  readonly socketPath: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  readonly agent: false;
}

/** An answer: its body comes as "data", then "end". */
export class IncomingMessage extends EventEmitter {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  #decoder: InstanceType<typeof TextDecoder> | undefined;

  constructor(statusCode: number, headers: Readonly<Record<string, string>>) {
    super();
    this.statusCode = statusCode;
    this.headers = headers;
  }

  setEncoding(encoding: string): this {
    this.#decoder = new TextDecoder(encoding);
    return this;
  }

  take(bytes: Uint8Array): void {
    this.emit('data', this.#decoder ? this.#decoder.decode(bytes, { stream: true }) : bytes);
  }

  finish(): void {
    const rest = this.#decoder?.decode() ?? '';
    if (rest !== '') this.emit('data', rest);
    this.emit('end');
  }
}

/** A GET over a unix socket; its connection serves no other. */
export class ClientRequest extends EventEmitter {
  readonly #socket: Socket;
  readonly #head: string;
  readonly #signal: AbortSignal | undefined;
  readonly #answered: (response: IncomingMessage) => void;
  readonly #parser = new ResponseParser();
  readonly #abort = () => this.destroy(aborted(this.#signal));
  #response: IncomingMessage | undefined;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(options: RequestOptions, answered: (response: IncomingMessage) => void) {
    super();
    const lines = Object.entries(options.headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#head = `GET ${options.path} HTTP/1.1\r\n${lines.join('')}connection: close\r\n\r\n`;
    this.#signal = options.signal;
    this.#answered = answered;
    this.#socket = connect({ path: options.socketPath });
    this.#socket.on('data', (bytes: Uint8Array) => this.#take(bytes));
    this.#socket.on('end', () => this.#take(undefined));
    this.#socket.on('error', (error: Error) => this.destroy(error));
    if (this.#signal?.aborted) queueMicrotask(this.#abort);
    else this.#signal?.addEventListener('abort', this.#abort);
  }

  end(): this {
    this.#socket.write(this.#head);
    return this;
  }

  /** Calls back after so many milliseconds without an answer, unless they are 0. */
  setTimeout(ms: number, late: () => void): this {
    if (ms > 0 && !this.#over) this.#timer = setTimeout(late, ms);
    return this;
  }

  destroy(error: Error): this {
    if (!this.#close()) return this;
    queueMicrotask(() => (this.#response ?? this).emit('error', error));
    return this;
  }

  /** Bytes of the answer, or its end. */
  #take(bytes: Uint8Array | undefined): void {
    if (this.#over) return;
    try {
      const { head, body, complete } = bytes === undefined ? this.#parser.end() : this.#parser.push(bytes);
      if (head) {
        this.#response = new IncomingMessage(head.status, head.headers);
        this.#answered(this.#response);
      }
      for (const part of body) if (!this.#over) this.#response?.take(part);
      if (complete && this.#close()) this.#response?.finish();
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  /** False where it was closed before. */
  #close(): boolean {
    if (this.#over) return false;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#socket.destroy();
    return true;
  }
}

export function request(
  options: RequestOptions,
  answered: (response: IncomingMessage) => void,
): ClientRequest {
  return new ClientRequest(options, answered);
}

function aborted(signal: AbortSignal | undefined): Error {
  const error = new Error('The operation was aborted', { cause: signal?.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}
