import { close } from 'engine:files';
import { remove, watch } from 'engine:loop';
import { accept, connect as connectUnix, isIP as ipVersion, listen as listenUnix } from 'engine:sockets';
import { knownOptions } from '../known-options.js';
import { pollEvents } from '../stream-sides.js';
import { DescriptorStream } from '../streams.js';
import { EventEmitter } from './events.js';

export interface ConnectOptions {
  readonly path?: string;
  readonly host?: string;
  readonly port?: number;
  readonly allowHalfOpen?: boolean;
}

/** 4, 6, or 0 if it is not an address. */
export const isIP: (text: string) => number = ipVersion;

export function isIPv4(text: string): boolean {
  return ipVersion(text) === 4;
}

export class Socket extends DescriptorStream {
  constructor(allowHalfOpen: boolean) {
    super({ readable: true, writable: true, allowHalfOpen });
  }
}

/** Connects to a unix socket. TCP is the addon's, which is always there in the executable. */
export function connect(options: ConnectOptions): Socket {
  const known = ['path', 'host', 'port', 'allowHalfOpen'] as const;
  const { path, host, allowHalfOpen = false } = knownOptions('net.connect', options, known);
  const socket = new Socket(allowHalfOpen);
  try {
    if (path === undefined) {
      throw Object.assign(new Error(`connect ENOSYS ${host}`), { code: 'ENOSYS', syscall: 'connect' });
    }
    socket.open(connectUnix(path));
    queueMicrotask(() => socket.emit('connect'));
  } catch (error) {
    socket.destroy(describe(error as NodeJS.ErrnoException, path));
  }
  return socket;
}

/** With Node's message: "connect ENOENT /run/x.sock". */
function describe({ errno, code }: NodeJS.ErrnoException, address: string | undefined): Error {
  return Object.assign(new Error(`connect ${code} ${address}`), { errno, code, syscall: 'connect', address });
}

export interface ServerOptions {
  /** Does not read from connections: their user will. */
  readonly pauseOnConnect: true;
}

interface ServerEvents {
  readonly connection: [socket: Socket];
  readonly listening: [];
  readonly error: [error: NodeJS.ErrnoException];
  readonly close: [];
}

export class Server extends EventEmitter<ServerEvents> {
  #descriptor: number | undefined;
  #watch: number | undefined;

  listen(path: string): this {
    try {
      const descriptor = listenUnix(path);
      this.#descriptor = descriptor;
      this.#watch = watch(descriptor, pollEvents.in, () => {
        this.emit('connection', new Socket(false).open(accept(descriptor)));
      });
      queueMicrotask(() => this.emit('listening'));
    } catch (error) {
      queueMicrotask(() => this.emit('error', error));
    }
    return this;
  }

  close(): this {
    if (this.#watch !== undefined) remove(this.#watch);
    if (this.#descriptor !== undefined) close(this.#descriptor);
    this.#watch = undefined;
    this.#descriptor = undefined;
    queueMicrotask(() => this.emit('close'));
    return this;
  }
}

export function createServer(options: ServerOptions): Server {
  knownOptions('net.createServer', options, ['pauseOnConnect']);
  return new Server();
}
