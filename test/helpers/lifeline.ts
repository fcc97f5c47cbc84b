import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { onTestFinished } from 'vitest';

/** Tells of a script and of all that it starts, by a FIFO that they hold open. */
export interface Lifeline {
  /** What a shell script begins with. */
  readonly hold: string;
  /** The script has come so far. */
  readonly started: Promise<void>;
  /** Nobody holds it any more. */
  readonly gone: Promise<void>;
}

/** For one test, a FIFO at `path`, which is not there yet. */
export function lifeline(path: string): Lifeline {
  execFileSync('mkfifo', [path]);
  // Each side opens it to read and write, and so waits for no other. This process does not read: a thread of Node closes all numbers that
  // `openSync` gave when it ends, and a Socket would have closed this one before.
  const both = openSync(path, 'r+');
  const reader = spawn('/bin/sh', ['-c', 'read -r line; echo; exec <"$0"; exec cat', path], {
    stdio: [both, 'pipe', 'inherit'],
  });
  closeSync(both);
  onTestFinished(() => void reader.kill());
  const started = new Promise<void>((resolve) => reader.stdout?.once('data', () => resolve()));
  const gone = new Promise<void>((resolve) => reader.stdout?.once('end', () => resolve()));
  return { hold: `exec 9<>'${path}'; echo started >&9`, started, gone };
}
