import type { Addon, Handle } from 'node-hvsock-native';
import { type Env, now } from '../base/runtime.js';
import type { Endpoint } from '../typed/route.js';

/** An open socket. One read, peek or write at a time each; every method rejects with an errno's name in `code`. */
export interface Connection {
  readonly endpoint: Endpoint;
  /** The addon's socket, if the addon opened it: needed to pass the fd or to relay natively. */
  readonly handle: Handle | undefined;
  /** A clause on how it was opened, for the trace. */
  readonly note?: string;
  /** A multiplexer did not say that the machine takes the connection. */
  isUnanswered?: boolean;
  /** Up to `max` bytes as soon as there are some; an empty array at end-of-file. */
  read(max: number): Promise<Uint8Array>;
  /** Up to `max` bytes without taking them: once more than `known` have arrived, at end-of-file, or after `timeoutMs`. */
  peek(known: number, max: number, timeoutMs: number): Promise<Uint8Array>;
  /** Resolves when the kernel has taken all of `data`. */
  write(data: Uint8Array): Promise<void>;
  /** Half-close: the peer reads end-of-file, reading goes on. */
  shutdown(): void;
  close(): void;
  /** Called when another process has the socket: what carries the connection then goes on without us. */
  handedOver?(): void;
  /** After the peer's end-of-file. Rejects if the bytes before it may be incomplete. */
  confirmEnd?(): Promise<void>;
}

export async function dropPeeked(connection: Connection, length: number): Promise<void> {
  for (let left = length; left > 0; ) left -= (await connection.read(left)).length;
}

/**
 * Looks at the bytes that come, one character each, until `find` finds something in them. They stay unread.
 * Nothing is found if no more come by `deadline` of `now`, or `most` have come.
 */
export async function peekFor<T>(
  connection: Connection,
  most: number,
  deadline: number,
  find: (text: string) => T | undefined,
): Promise<{ readonly text: string; readonly found: T | undefined }> {
  for (let seen = 0; ; ) {
    const bytes = await connection.peek(seen, most, Math.max(0, deadline - now()));
    const text = Buffer.from(bytes).toString('latin1');
    const result = find(text);
    if (result !== undefined || bytes.length === seen || bytes.length >= most) return { text, found: result };
    seen = bytes.length;
  }
}

export interface OpenOptions {
  /** Milliseconds to open the socket and, for a multiplexer, to get its answer. */
  readonly timeoutMs: number;
  /** Milliseconds for another hypervisor to start its machine, if that is off; undefined: it starts none. */
  readonly startMs?: number;
  readonly signal?: AbortSignal;
  /** Brings an sshd into a machine without one, by its manager's exec. Undefined: none is brought. */
  readonly bring?: Bring | undefined;
  /** Has a hypervisor's vmssh say the machine's host keys in its answer, and gets them; none if nobody there can say. An older vmssh says nothing. */
  readonly hostKeys?: ((keys: readonly string[]) => void) | undefined;
  /** The environment of the programs that are started. Default: our own. */
  readonly env?: Env;
}

/**
 * Has an OpenSSH server brought into a machine that has none. It lets in whoever reaches the connection, without a key: only for our own
 * stdin and stdout, never for a socket that others can connect to (decision 26).
 */
export interface Bring {
  /** The user who logs in; undefined: the one as whom the manager's exec starts programs. */
  readonly login?: string | undefined;
  /** Called with its host key, which was made for this connection: "ssh-ed25519", and in base64. */
  readonly trust: (key: { readonly type: string; readonly key: string }) => void;
}

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
