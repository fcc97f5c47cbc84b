import { execFileSync } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';

/** Tells of a script and of all that it starts, by a FIFO that they hold open. */
export interface Lifeline {
  /** What a shell script begins with. */
  readonly hold: string;
  /** The script has come so far. */
  readonly started: Promise<void>;
  /** Nobody holds it any more. */
  readonly gone: Promise<void>;
}

/** A FIFO at `path`, which is not there yet. */
export function lifeline(path: string): Lifeline {
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const reader = new Socket({ fd, readable: true, writable: false });
  const started = new Promise<void>((resolve) => reader.once('data', () => resolve()));
  const gone = new Promise<void>((resolve) => reader.once('end', () => resolve()));
  return { hold: `exec 9>'${path}'; echo started >&9`, started, gone };
}
