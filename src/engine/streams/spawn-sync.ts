import { knownOptions } from '../known-options.js';
import { startChild } from './start-child.js';
import { SyncChild, type SyncEnd, type SyncLimits } from './sync-child.js';

export interface SpawnSyncOptions extends SyncLimits {
  readonly encoding?: 'utf8';
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Of stdout and stderr; stdin is empty in any case. */
  readonly stdio?: 'pipe' | 'ignore' | 'inherit';
  readonly windowsHide?: boolean;
}

export type SpawnSyncResult = SyncEnd<string>;

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
): SpawnSyncResult;
export function spawnSync(
  program: string,
  args: readonly string[],
  options: SpawnSyncOptions,
): SyncEnd<string | null> {
  const { env, cwd, stdio = 'pipe', windowsHide } = knownOptions('spawnSync', options, known);
  try {
    const { pid, pipes } = startChild(program, args, {
      env,
      cwd,
      windowsHide,
      stdio: ['ignore', stdio, stdio],
    });
    return new SyncChild(program, pid, pipes.slice(1), options).end();
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
