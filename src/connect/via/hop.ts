import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Handle } from 'node-hvsock-native';
import { now } from '../../clock.js';
import type { ViaEndpoint } from '../../endpoint.js';
import type { AddonState } from '../../native.js';
import { sshEndsWithUs } from '../../process/end-with-us.js';
import type { Connection } from '../connection.js';
import { connectProgram } from '../program.js';

type Env = Readonly<Record<string, string | undefined>>;

/** How the ssh of a hop ended. */
export interface HopEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A connection that an ssh carries: its stdin and stdout are the other end of our socket. */
export class Hop implements Connection {
  readonly endpoint: ViaEndpoint;
  note: string | undefined;
  readonly #connection: Connection;
  readonly #child: ChildProcess;
  readonly #release: () => void;
  readonly #ended: Promise<HopEnd>;

  /** Starts `command` with stderr as ours. Throws if there is no socket; `end` rejects if it cannot be started. */
  constructor(command: readonly string[], endpoint: ViaEndpoint, native: AddonState, env: Env) {
    const how = { env, start: sshEndsWithUs, stderr: 'inherit' } as const;
    const { connection, child, release } = connectProgram(command, endpoint, native, how);
    this.endpoint = endpoint;
    this.#connection = connection;
    this.#child = child;
    this.#release = release;
    this.#ended = once(child, 'exit').then(([code, signal]) => {
      release();
      return { code, signal };
    });
    this.#ended.catch(() => {});
    child.unref();
  }

  get handle(): Handle | undefined {
    return this.#connection.handle;
  }

  /** Resolves when ssh has ended; rejects if it could not be started. */
  get end(): Promise<HopEnd> {
    this.#child.ref();
    return this.#ended;
  }

  /** The same; undefined if it still goes on at `deadline`, of `clock.now`. */
  async endBy(deadline: number): Promise<HopEnd | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), Math.max(0, deadline - now()));
    });
    return Promise.race([this.end, late]).finally(() => {
      clearTimeout(timer);
      this.#child.unref();
    });
  }

  async read(max: number): Promise<Uint8Array> {
    const bytes = await this.#connection.read(max);
    if (bytes.length === 0) await this.confirmEnd();
    return bytes;
  }

  peek(known: number, max: number, timeoutMs: number): Promise<Uint8Array> {
    return this.#connection.peek(known, max, timeoutMs);
  }

  write(data: Uint8Array): Promise<void> {
    return this.#connection.write(data);
  }

  shutdown(): void {
    this.#connection.shutdown();
  }

  close(): void {
    this.#connection.close();
    this.#child.kill('SIGTERM');
  }

  handedOver(): void {
    this.#release();
  }

  /** An end-of-file is the machine's only if ssh and the tool there ended well: bytes may be missing otherwise. */
  async confirmEnd(): Promise<void> {
    const { code, signal } = await this.end;
    if (code === 0) return;
    const how = signal ? `a signal ended it: ${signal}` : `exit code ${code}`;
    throw Object.assign(new Error(`ssh ${this.endpoint.host}: ${how}`), { code: 'HOP_LOST' });
  }
}
