import type { Addon, Handle } from 'node-hvsock-native';
import type { Endpoint } from '../endpoint.js';
import type { Connection } from './connection.js';

/** A connection with a socket of the addon. */
export class NativeConnection implements Connection {
  readonly endpoint: Endpoint;
  readonly handle: Handle;
  readonly #addon: Addon;

  constructor(endpoint: Endpoint, handle: Handle, addon: Addon) {
    this.endpoint = endpoint;
    this.handle = handle;
    this.#addon = addon;
  }

  read(max: number): Promise<Uint8Array> {
    return this.#addon.read(this.handle, max);
  }

  peek(known: number, max: number, timeoutMs: number): Promise<Uint8Array> {
    return this.#addon.peek(this.handle, known, max, Math.ceil(timeoutMs)).promise;
  }

  write(data: Uint8Array): Promise<void> {
    return this.#addon.write(this.handle, data);
  }

  shutdown(): void {
    this.#addon.shutdown(this.handle);
  }

  close(): void {
    this.#addon.close(this.handle);
  }
}
