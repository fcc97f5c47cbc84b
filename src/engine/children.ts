import { close, open, read } from 'engine:files';
import { awaitReadable, kill, spawn, wait } from 'engine:processes';
import { pair } from 'engine:sockets';
import { uptime } from 'engine:system';
import { knownOptions } from './known-options.js';
import { signalName, signalNumber } from './signals.js';
import { DescriptorStream } from './streams.js';

/** A child's descriptor: a pipe to us, nothing, ours with the same number, or another one of ours. */
export type Stdio = 'pipe' | 'ignore' | 'inherit' | number | DescriptorStream;

export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly stdio: readonly Stdio[];
  /** In its own session, and so its own process group. */
  readonly detached?: boolean;
  /** On Windows. */
  readonly windowsHide?: boolean;
}

interface Started {
  readonly pid: number;
  /** Our ends of the pipes. */
  readonly pipes: readonly (number | undefined)[];
}

/** Starts a program. Throws Node's error: "spawn ssh ENOENT". */
export function startChild(program: string, args: readonly string[], options: StartOptions): Started {
  const toClose: number[] = [];
  const pipes: (number | undefined)[] = [];
  try {
    const descriptors = options.stdio.map((stdio, index) => {
      if (stdio !== 'pipe') return ownDescriptor(stdio, index, toClose);
      const [ours, theirs] = pair();
      pipes[index] = ours;
      toClose.push(theirs);
      return theirs;
    });
    const environment = environmentOf(options.env ?? process.env);
    const pid = spawn(
      program,
      [program, ...args],
      environment,
      descriptors,
      options.cwd,
      options.detached === true,
      options.windowsHide === true && !options.stdio.includes('inherit'),
    );
    return { pid, pipes };
  } catch (error) {
    for (const pipe of pipes) if (pipe !== undefined) close(pipe);
    throw describe(error as NodeJS.ErrnoException, program, args);
  } finally {
    for (const descriptor of toClose) close(descriptor);
  }
}

/** On Windows names ignore case: of several the first by its letters counts, even if it has no value. */
function environmentOf(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const named = Object.entries(env).map(([name, value]) => ({ name, value }));
  const only = process.platform === 'win32' ? firstOfEach(named) : named;
  return only.flatMap(({ name, value }) => (value === undefined ? [] : [`${name}=${value}`]));
}

function firstOfEach<T extends { readonly name: string }>(all: readonly T[]): readonly T[] {
  const sorted = all.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const seen = new Set<string>();
  return sorted.filter(({ name }) => seen.size < seen.add(name.toUpperCase()).size);
}

function ownDescriptor(stdio: Exclude<Stdio, 'pipe'>, index: number, toClose: number[]): number {
  if (stdio === 'inherit') return index;
  if (typeof stdio === 'number') return stdio;
  if (stdio instanceof DescriptorStream) {
    if (stdio.descriptor !== undefined) return stdio.descriptor;
    throw Object.assign(new Error('the stream is closed'), { code: 'EBADF' });
  }
  const readWrite = 2;
  const nothing = open(process.platform === 'win32' ? 'NUL' : '/dev/null', readWrite, 0);
  toClose.push(nothing);
  return nothing;
}

function describe(error: NodeJS.ErrnoException, program: string, args: readonly string[]): Error {
  if (error.syscall !== 'spawn') return error;
  const syscall = `spawn ${program}`;
  const { errno, code } = error;
  const named = { errno, code, syscall, path: program, spawnargs: args };
  return Object.assign(new Error(`${syscall} ${code}`), named);
}

/** Sends a signal to a child. False if it has ended: on Windows that shows before its exit is reported. Throws any other error. */
export function endChild(pid: number, signal: number): boolean {
  try {
    kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

interface SpawnSyncOptions extends SyncLimits {
  readonly encoding?: 'utf8';
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Of stdout and stderr; stdin is empty in any case. */
  readonly stdio?: 'pipe' | 'ignore' | 'inherit';
  readonly windowsHide?: boolean;
}

const known = [
  ...(['encoding', 'env', 'cwd', 'stdio'] as const),
  ...(['timeout', 'killSignal', 'maxBuffer', 'windowsHide'] as const),
];

/** Runs a program to its end, without input, and gives what it printed. */
export function spawnSync(
  program: string,
  args: readonly string[],
  options: SpawnSyncOptions & { readonly stdio: 'ignore' | 'inherit' },
): SyncEnd<null>;
export function spawnSync(
  program: string,
  args: readonly string[],
  options: SpawnSyncOptions & { readonly encoding: 'utf8' },
): SyncEnd<string>;
export function spawnSync(
  program: string,
  args: readonly string[],
  options: SpawnSyncOptions,
): SyncEnd<string | null> {
  const { stdio = 'pipe' } = knownOptions('spawnSync', options, known);
  try {
    const { pid, pipes } = startChild(program, args, { ...options, stdio: ['ignore', stdio, stdio] });
    return awaitEnd(program, pid, pipes.slice(1), options);
  } catch (error) {
    return { status: null, signal: null, stdout: null, stderr: null, error: inSync(error as Error, program) };
  }
}

/** "spawnSync ssh ENOENT" of "spawn ssh ENOENT". */
function inSync(error: Error, program: string): Error {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== `spawn ${program}`) return error;
  return Object.assign(error, { message: `spawnSync ${program} ${code}`, syscall: `spawnSync ${program}` });
}

interface SyncLimits {
  /** Milliseconds until it gets `killSignal`. */
  readonly timeout?: number;
  readonly killSignal?: NodeJS.Signals | number;
  /** Bytes of each output, past which it is killed. */
  readonly maxBuffer?: number;
}

interface SyncEnd<Text> {
  /** Null if a signal ended it, or it could not be started. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Text;
  readonly stderr: Text;
  readonly error?: Error;
}

/** Reads what a program prints, `pipes` for stdout and stderr, to its end; nothing else runs meanwhile. */
function awaitEnd(
  program: string,
  pid: number,
  pipes: readonly (number | undefined)[],
  { timeout, killSignal = 'SIGTERM', maxBuffer = 1024 * 1024 }: SyncLimits,
): SyncEnd<string | null> {
  const until = timeout ? uptime() + timeout : undefined;
  const left = () => (until === undefined ? -1 : Math.max(0, until - uptime()));
  const outputs = pipes.map((descriptor) => ({ descriptor, parts: [] as Uint8Array[], length: 0 }));
  const open = new Set(pipes.filter((each) => each !== undefined));
  let error: Error | undefined;
  /** Ends it; nothing more is read of it. */
  const stop = (code: string, errno: number) => {
    const syscall = `spawnSync ${program}`;
    error ??= Object.assign(new Error(`${syscall} ${code}`), { code, errno, syscall });
    for (const descriptor of open) close(descriptor);
    open.clear();
    endChild(pid, signalNumber(killSignal));
  };
  while (open.size > 0) {
    const readable = awaitReadable([...open], left());
    if (readable.length === 0) stop('ETIMEDOUT', -110);
    for (const output of outputs) {
      const { descriptor, parts } = output;
      if (descriptor === undefined || !open.has(descriptor) || !readable.includes(descriptor)) continue;
      const part = read(descriptor, 65536);
      parts.push(part);
      output.length += part.length;
      if (part.length === 0) {
        open.delete(descriptor);
        close(descriptor);
      }
      if (output.length > maxBuffer) stop('ENOBUFS', -105);
    }
  }
  // As Node does, until a program that got a signal has ended.
  let code = wait(pid, error ? -1 : left());
  if (code === undefined) {
    stop('ETIMEDOUT', -110);
    code = wait(pid, -1) as number;
  }
  const [stdout = null, stderr = null] = outputs.map(({ descriptor, parts }) =>
    descriptor === undefined ? null : Buffer.concat(parts).toString(),
  );
  const how = code < 0 ? { status: null, signal: signalName(-code) } : { status: code, signal: null };
  return { ...how, stdout, stderr, ...(error ? { error } : {}) };
}
