import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
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
  // Held until the script has it: neither side waits for the other to open it, and the reader ends with this process.
  const both = openSync(path, 'r+');
  const end = openSync(path, 'r');
  // This process does not read: a thread of Node closes all numbers that `openSync` gave when it ends, and a Socket has closed its own then.
  const reader = spawn('/bin/cat', { stdio: [end, 'pipe', 'inherit'] });
  closeSync(end);
  onTestFinished(() => void reader.kill());
  const started = new Promise<void>((resolve) => reader.stdout?.once('data', () => resolve(closeSync(both))));
  const gone = new Promise<void>((resolve) => reader.stdout?.once('end', () => resolve()));
  return { hold: `exec 9<>'${path}'; echo started >&9`, started, gone };
}

/** For this test, a program that lives until its stdin ends: what it says first. */
export async function lasting(child: ChildProcess): Promise<string> {
  const end = once(child, 'close');
  onTestFinished(async () => {
    child.stdin?.end();
    await end;
  });
  const [first] = await Promise.race([once(child.stdout ?? child, 'data'), end]);
  return String(first);
}
