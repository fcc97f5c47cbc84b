import { keepAlive, onExit } from 'engine:loop';
import { endChild, type StartOptions, type Stdio, startChild } from '../children.js';
import { knownOptions } from '../known-options.js';
import { signalName, signalNumber } from '../signals.js';
import { abortError } from '../stream-sides.js';
import { DescriptorStream } from '../streams.js';
import { EventEmitter } from './events.js';

export interface SpawnOptions extends Omit<StartOptions, 'stdio'> {
  readonly stdio?: 'pipe' | 'ignore' | 'inherit' | readonly Stdio[];
  readonly signal?: AbortSignal;
  /** Milliseconds until it gets `killSignal`. */
  readonly timeout?: number;
  readonly killSignal?: NodeJS.Signals | number;
}

interface ChildEvents {
  readonly spawn: [];
  readonly error: [error: NodeJS.ErrnoException];
  readonly exit: [code: number | null, signal: NodeJS.Signals | null];
  readonly close: [code: number | null, signal: NodeJS.Signals | null];
}

export class ChildProcess extends EventEmitter<ChildEvents> {
  readonly pid?: number;
  readonly stdin: DescriptorStream | null;
  readonly stdout: DescriptorStream | null;
  readonly stderr: DescriptorStream | null;
  exitCode: number | null = null;
  signalCode: NodeJS.Signals | null = null;
  /** The open streams, and the child itself. */
  #open = 1;
  #watch: number | undefined;
  #sent: number | undefined;

  constructor(pid: number | undefined, pipes: readonly (number | undefined)[]) {
    super();
    this.pid = pid;
    this.stdin = childStream(pipes[0], { readable: false, writable: true });
    this.stdout = childStream(pipes[1], { readable: true, writable: false });
    this.stderr = childStream(pipes[2], { readable: true, writable: false });
    for (const stream of [this.stdout, this.stderr]) {
      if (!stream) continue;
      this.#open++;
      stream.once('close', () => this.#closed());
    }
    if (pid !== undefined) this.#watch = onExit(pid, (code) => this.#ended(code));
  }

  kill(signal: NodeJS.Signals | number = 'SIGTERM'): boolean {
    if (this.pid === undefined || this.exitCode !== null || this.signalCode !== null) return false;
    const number = signalNumber(signal);
    if (!endChild(this.pid, number)) return false;
    if (number !== 0) this.#sent = number;
    return true;
  }

  ref(): void {
    if (this.#watch !== undefined) keepAlive(this.#watch, true);
  }

  unref(): void {
    if (this.#watch !== undefined) keepAlive(this.#watch, false);
  }

  #ended(code: number): void {
    // Windows knows an exit code only.
    const signal = process.platform === 'win32' ? this.#sent : code < 0 ? -code : undefined;
    if (signal !== undefined) this.signalCode = signalName(signal);
    else this.exitCode = code;
    this.stdin?.destroy();
    this.emit('exit', this.exitCode, this.signalCode);
    // An unread stream must not keep it from closing.
    for (const stream of [this.stdout, this.stderr]) if (stream && !stream.isRead) stream.resume();
    this.#closed();
  }

  #closed(): void {
    if (--this.#open === 0) this.emit('close', this.exitCode, this.signalCode);
  }
}

const spawnKnown = [
  ...(['env', 'cwd', 'stdio', 'detached'] as const),
  ...(['signal', 'timeout', 'killSignal', 'windowsHide'] as const),
];

/** Starts a program. A failure is an "error" event. */
export function spawn(program: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const { signal, timeout, killSignal } = knownOptions('spawn', options, spawnKnown);
  const stdio = standardStreams(options.stdio);
  if (signal?.aborted) return failed(abortError(signal));
  let child: ChildProcess;
  try {
    const { pid, pipes } = startChild(program, args, { ...options, stdio });
    child = new ChildProcess(pid, pipes);
  } catch (error) {
    // What the caller got wrong is thrown, and what the system refused is an event.
    if ((error as NodeJS.ErrnoException).errno === undefined) throw error;
    return failed(error as Error);
  }
  const abort = () => {
    if (child.kill(killSignal)) child.emit('error', abortError(signal));
  };
  const timer = timeout ? setTimeout(() => child.kill(killSignal), timeout) : undefined;
  signal?.addEventListener('abort', abort);
  child.once('exit', () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  });
  queueMicrotask(() => child.emit('spawn'));
  return child;
}

export { spawnSync } from '../children.js';

function standardStreams(stdio: SpawnOptions['stdio']): readonly Stdio[] {
  if (stdio === undefined) return ['pipe', 'pipe', 'pipe'];
  return typeof stdio === 'string' ? [stdio, stdio, stdio] : stdio;
}

function childStream(descriptor: number | undefined, sides: { readable: boolean; writable: boolean }) {
  return descriptor === undefined ? null : new DescriptorStream(sides).open(descriptor);
}

function failed(error: Error): ChildProcess {
  const child = new ChildProcess(undefined, []);
  queueMicrotask(() => {
    child.emit('error', error);
    child.emit('close', (error as NodeJS.ErrnoException).errno ?? null, null);
  });
  return child;
}
