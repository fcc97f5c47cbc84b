import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Handle } from 'node-hvsock-native';
import type { AddonState } from '../base/native.js';
import { before, type Env } from '../base/runtime.js';
import { type Ended, type Start, sshEndsWithUs } from '../process/terminate.js';
import type { Endpoint } from '../typed/route.js';
import { type Connection, NativeConnection } from './connection.js';
import { NodeConnection } from './node-connection.js';

interface CarriedOptions extends CarrierOptions {
  /** Ends a program that goes on when the connection is closed. */
  readonly stop: (child: ChildProcess) => void;
}

/** A connection that a program carries: its stdin and stdout are the other end of our socket. */
export class Carried<E extends Endpoint = Endpoint> implements Connection {
  readonly endpoint: E;
  note: string | undefined;
  isUnanswered?: boolean;
  readonly child: ChildProcess;
  readonly #connection: Connection;
  readonly #release: () => void;
  readonly #stop: CarriedOptions['stop'];
  readonly #ended: Promise<Ended>;

  /** Starts `command`. Throws if there is no socket; `end` rejects if it cannot be started. */
  constructor(command: readonly string[], endpoint: E, native: AddonState, options: CarriedOptions) {
    const { connection, child, release } = connectProgram(command, endpoint, native, options);
    this.endpoint = endpoint;
    this.child = child;
    this.#connection = connection;
    this.#release = release;
    this.#stop = options.stop;
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

  /** Resolves when the program has ended; rejects if it could not be started. */
  get end(): Promise<Ended> {
    this.child.ref();
    return this.#ended;
  }

  /** The same; undefined if it still goes on at `deadline`, of `now`. */
  endBy(deadline: number): Promise<Ended | undefined> {
    return before(this.end, deadline).finally(() => this.child.unref());
  }

  read(max: number): Promise<Uint8Array> {
    return this.#connection.read(max);
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
    this.child.stderr?.destroy();
    // The number of one that has ended may be another's.
    if (this.child.exitCode === null && this.child.signalCode === null) this.#stop(this.child);
  }

  handedOver(): void {
    this.#release();
  }
}

/** An ssh, or a program that has the socket: its end-of-file is the machine's only if it ends well, as bytes may be missing otherwise. */
export class ConfirmedCarried<E extends Endpoint> extends Carried<E> {
  readonly #lost: (end: Ended) => Error | Promise<Error>;

  /** `lost`: the error of one that did not. */
  constructor(
    command: readonly string[],
    endpoint: E,
    native: AddonState,
    options: Pick<CarrierOptions, 'env' | 'stderr'>,
    lost: (end: Ended) => Error | Promise<Error>,
  ) {
    super(command, endpoint, native, {
      ...options,
      start: sshEndsWithUs,
      stop: (child) => child.kill('SIGTERM'),
    });
    this.#lost = lost;
  }

  override async read(max: number): Promise<Uint8Array> {
    const bytes = await super.read(max);
    if (bytes.length === 0) await this.confirmEnd();
    return bytes;
  }

  async confirmEnd(): Promise<void> {
    const end = await this.end;
    if (end.code !== 0) throw await this.#lost(end);
  }
}

interface CarrierOptions {
  readonly env: Env;
  /** Who ends it when this process ends. */
  readonly start: Start;
  readonly stderr: 'inherit' | 'pipe';
  readonly detached?: boolean;
}

/**
 * Starts a program whose stdin and stdout are our socket's other end: with the addon one that ssh can get.
 * "error" of the child: it did not start. Call `release` when it has ended, or goes on without us.
 */
function connectProgram(
  [program = '', ...args]: readonly string[],
  endpoint: Endpoint,
  { addon }: AddonState,
  { env, start, stderr, detached = false }: CarrierOptions,
) {
  if (!addon) {
    const { child, release } = start(() =>
      spawn(program, args, { env, detached, stdio: ['pipe', 'pipe', stderr] }),
    );
    const { stdin, stdout } = child;
    if (stdin && stdout) return { connection: new NodeConnection(endpoint, stdout, stdin), child, release };
    release();
    throw new Error(`${program}: it has no stdin and stdout`);
  }
  const { handle, peer, descriptor } = addon.socketPair();
  try {
    const stdio = [descriptor, descriptor, stderr];
    const { child, release } = start(() => spawn(program, args, { env, detached, stdio }));
    return { connection: new NativeConnection(endpoint, handle, addon), child, release };
  } catch (error) {
    addon.close(handle);
    throw error;
  } finally {
    addon.close(peer);
  }
}
