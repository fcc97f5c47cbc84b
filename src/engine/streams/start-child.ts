import { close, open } from 'engine:files';
import { spawn } from 'engine:processes';
import { pair } from 'engine:sockets';
import { DescriptorStream } from './descriptor-stream.js';

/** A child's descriptor: a pipe to us, nothing, ours with the same number, or another one of ours. */
export type Stdio = 'pipe' | 'ignore' | 'inherit' | number | DescriptorStream;

export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly cwd?: string | undefined;
  readonly stdio: readonly Stdio[];
  /** In its own session, and so its own process group. */
  readonly detached?: boolean | undefined;
  /** On Windows. */
  readonly windowsHide?: boolean | undefined;
}

export interface Started {
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
  return Object.assign(new Error(`${syscall} ${code}`), {
    errno,
    code,
    syscall,
    path: program,
    spawnargs: args,
  });
}
