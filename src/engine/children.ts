import { close, open, read } from 'engine:files';
import { awaitReadable, kill, spawn, wait } from 'engine:processes';
import { pair } from 'engine:sockets';
import { uptime } from 'engine:system';
import { knownOptions } from './known-options.js';
import { signalName, signalNumber } from './signals.js';

/** A child's descriptor: a pipe to us, nothing, ours with the same number, or another one of ours. */
export type Stdio = 'pipe' | 'ignore' | 'inherit' | number;

export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly stdio: readonly Stdio[];
  /** In its own session, and so its own process group. */
  readonly detached?: boolean;
  readonly windowsHide?: boolean;
}

/** Starts a program; `pipes`: our ends. Throws Node's error: "spawn ssh ENOENT". */
export function startChild(program: string, args: readonly string[], options: StartOptions) {
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
    const { env = process.env, cwd, detached = false, windowsHide, stdio } = options;
    const hides = windowsHide === true && !stdio.includes('inherit');
    const words = [program, ...args];
    const pid = spawn(program, words, environmentOf(env), descriptors, cwd, detached, hides);
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

interface SpawnSyncOptions {
  readonly encoding?: 'utf8';
  /** The child's stdin is empty, and what it prints on stderr is nobody's. */
  readonly stdio: 'ignore' | ['ignore', 'pipe', 'ignore'];
  /** Milliseconds until it gets `killSignal`. */
  readonly timeout?: number;
  readonly killSignal?: NodeJS.Signals;
  readonly windowsHide?: boolean;
}

interface SyncEnd<Text> {
  /** Null if a signal ended it, or it could not be started. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Text;
  readonly error?: Error;
}

/** Runs a program to its end, and gives what it printed; nothing else runs meanwhile. */
export function spawnSync(
  program: string,
  args: readonly string[],
  options: SpawnSyncOptions & { readonly stdio: 'ignore' },
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
  const { stdio, timeout, killSignal = 'SIGTERM' } = knownOptions('spawnSync', options, syncKnown);
  const until = timeout ? uptime() + timeout : undefined;
  const left = () => (until === undefined ? -1 : Math.max(0, until - uptime()));
  try {
    const streams = stdio === 'ignore' ? [stdio, stdio, stdio] : stdio;
    const { pid, pipes } = startChild(program, args, { ...options, stdio: streams });
    const stop = () => endChild(pid, signalNumber(killSignal));
    const stdout = pipes[1] === undefined ? null : printedOn(pipes[1], left, stop);
    const inTime = wait(pid, left());
    if (inTime === undefined) stop();
    // As Node does, until a program that got a signal has ended.
    const code = inTime ?? (wait(pid, -1) as number);
    const how = code < 0 ? { status: null, signal: signalName(-code) } : { status: code, signal: null };
    if (inTime !== undefined) return { ...how, stdout };
    const error = Object.assign(new Error(`spawnSync ${program} ETIMEDOUT`), { code: 'ETIMEDOUT' });
    return { ...how, stdout, error };
  } catch (error) {
    return { status: null, signal: null, stdout: null, error: error as Error };
  }
}

const syncKnown = ['encoding', 'stdio', 'timeout', 'killSignal', 'windowsHide'] as const;

/** More than that is not read, and what prints it is ended. Bytes. */
const maxPrinted = 1024 * 1024;

function printedOn(pipe: number, left: () => number, stop: () => void): string {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    while (length <= maxPrinted && awaitReadable([pipe], left()).length > 0) {
      const part = read(pipe, 65536);
      if (part.length === 0) break;
      parts.push(part);
      length += part.length;
    }
    if (length > maxPrinted) stop();
  } finally {
    close(pipe);
  }
  return Buffer.concat(parts).toString();
}
