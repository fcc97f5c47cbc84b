import type { Io } from '../../src/process/io.js';

export interface FakeIo extends Io {
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

/** A process that is none: it keeps what is printed, and is no terminal. */
export function fakeIo(more: Partial<Io> = {}): FakeIo {
  const stdout: string[] = [];
  const stderr: string[] = [];
  return {
    program: 'vmssh',
    out: (text) => void stdout.push(text),
    err: (text) => void stderr.push(text),
    terminal: { stdin: false, stdout: false, stderr: false },
    env: {},
    platform: 'linux',
    self: ['/opt/vmssh'],
    streams: () => {
      throw new Error('no test reads stdin');
    },
    outputGone: () => new AbortController().signal,
    interrupted: () => new AbortController().signal,
    ignoreInterrupts: () => {},
    ...more,
    stdout,
    stderr,
  };
}
