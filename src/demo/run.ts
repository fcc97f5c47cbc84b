import { runProgram } from '../process/run-program.js';

export interface Outcome {
  /** Null if a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longer than any step on a slow machine, so that none hangs forever. Milliseconds. */
const timeoutMs = 30_000;

/** Runs a program without stdin. An abort and the time limit end it, with all that it started. */
export async function run(
  command: readonly string[],
  signal: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Outcome> {
  const { code: exitCode, stdout, stderr } = await runProgram(command, { env, signal, timeoutMs });
  signal.throwIfAborted();
  return { exitCode, stdout, stderr };
}
