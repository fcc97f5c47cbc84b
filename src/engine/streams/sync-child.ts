import { close, read } from 'engine:files';
import { awaitReadable, wait } from 'engine:processes';
import { uptime } from 'engine:system';
import { signalName, signalNumber } from '../signals.js';
import { endChild } from './end-child.js';

export interface SyncLimits {
  /** Milliseconds until it gets `killSignal`. */
  readonly timeout?: number;
  readonly killSignal?: NodeJS.Signals | number;
  /** Bytes of each output, past which it is killed. */
  readonly maxBuffer?: number;
}

export interface SyncEnd<Text> {
  /** Null if a signal ended it, or it could not be started. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Text;
  readonly stderr: Text;
  readonly error?: Error;
}

/** A program that runs while nothing else does, to its end. */
export class SyncChild {
  readonly #program: string;
  readonly #pid: number;
  /** Ours of stdout and stderr. */
  readonly #pipes: readonly (number | undefined)[];
  readonly #open: Set<number>;
  readonly #read = new Map<number, { parts: Uint8Array[]; length: number }>();
  readonly #limits: SyncLimits;
  readonly #until: number;
  #failure: Error | undefined;

  constructor(program: string, pid: number, pipes: readonly (number | undefined)[], limits: SyncLimits) {
    this.#program = program;
    this.#pid = pid;
    this.#pipes = pipes;
    this.#open = new Set(pipes.filter((each) => each !== undefined));
    this.#limits = limits;
    this.#until = limits.timeout ? uptime() + limits.timeout : Number.POSITIVE_INFINITY;
  }

  end(): SyncEnd<string | null> {
    while (this.#open.size > 0) this.#readSome();
    // As Node does, until a program that got a signal has ended.
    const code = wait(this.#pid, this.#failure ? -1 : this.#left()) ?? this.#endLate();
    const [stdout, stderr] = [this.#text(0), this.#text(1)];
    const status = code < 0 ? null : code;
    const signal = code < 0 ? signalName(-code) : null;
    return { status, signal, stdout, stderr, ...(this.#failure ? { error: this.#failure } : {}) };
  }

  #left(): number {
    return this.#until === Number.POSITIVE_INFINITY ? -1 : Math.max(0, this.#until - uptime());
  }

  #readSome(): void {
    const readable = awaitReadable([...this.#open], this.#left());
    if (readable.length === 0) this.#stop('ETIMEDOUT', -110);
    for (const descriptor of readable) if (this.#open.has(descriptor)) this.#take(descriptor);
  }

  #take(descriptor: number): void {
    const part = read(descriptor, 65536);
    const output = this.#read.get(descriptor) ?? { parts: [], length: 0 };
    this.#read.set(descriptor, output);
    output.parts.push(part);
    output.length += part.length;
    if (part.length === 0) {
      this.#open.delete(descriptor);
      close(descriptor);
    }
    const { maxBuffer = 1024 * 1024 } = this.#limits;
    if (output.length > maxBuffer) this.#stop('ENOBUFS', -105);
  }

  #endLate(): number {
    this.#stop('ETIMEDOUT', -110);
    return wait(this.#pid, -1) as number;
  }

  /** Ends it; nothing more is read of it. */
  #stop(code: string, errno: number): void {
    const syscall = `spawnSync ${this.#program}`;
    this.#failure ??= Object.assign(new Error(`${syscall} ${code}`), { code, errno, syscall });
    for (const descriptor of this.#open) close(descriptor);
    this.#open.clear();
    endChild(this.#pid, signalNumber(this.#limits.killSignal ?? 'SIGTERM'));
  }

  #text(index: number): string | null {
    const descriptor = this.#pipes[index];
    return descriptor === undefined
      ? null
      : Buffer.concat(this.#read.get(descriptor)?.parts ?? []).toString();
  }
}
