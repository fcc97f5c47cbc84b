import { close, read } from 'engine:files';
import { wait } from 'engine:processes';
import { signalName } from '../signals.js';
import { startChild } from './start-child.js';

export interface SpawnSyncOptions {
  readonly encoding?: 'utf8';
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface SpawnSyncResult {
  /** Null where a signal ended it, or it could not be started. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly error?: Error;
}

/** Runs a program to its end, with no input, and gives what it printed to stdout; what it says on stderr goes nowhere. */
export function spawnSync(
  program: string,
  args: readonly string[],
  options: SpawnSyncOptions,
): SpawnSyncResult {
  try {
    const { pid, pipes } = startChild(program, args, {
      env: options.env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const stdout = readAll(pipes[1] as number);
    const code = wait(pid);
    return { status: code < 0 ? null : code, signal: code < 0 ? signalName(-code) : null, stdout };
  } catch (error) {
    return { status: null, signal: null, stdout: '', error: error as Error };
  }
}

function readAll(descriptor: number): string {
  const parts: Uint8Array[] = [];
  try {
    for (;;) {
      const part = read(descriptor, 65536);
      if (part.length === 0) return Buffer.concat(parts).toString();
      parts.push(part);
    }
  } finally {
    close(descriptor);
  }
}
