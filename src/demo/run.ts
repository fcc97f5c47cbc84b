import { spawn } from 'node:child_process';

export interface Outcome {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longer than any step takes on a slow machine, so that none hangs for ever. Milliseconds. */
const timeLimit = 30_000;

/** Runs a program without stdin until it and all who hold its output are gone. An abort and the time limit end it. */
export function run(
  [program = '', ...args]: readonly string[],
  signal: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env,
      signal,
      timeout: timeLimit,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    let aborted: Error | undefined;
    child.on('error', (error) => {
      if (child.pid === undefined) reject(error);
      else aborted = error;
    });
    child.on('close', (exitCode) => {
      if (aborted) reject(aborted);
      else resolve({ exitCode, stdout, stderr });
    });
  });
}

/** The words as a line for a POSIX shell. */
export function commandLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w@+=:,./%-]+$/.test(word) ? word : quoted(word))).join(' ');
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
