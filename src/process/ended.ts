import type { ChildProcess } from 'node:child_process';

/** How a program ended. */
export interface Ended {
  /** Its exit code; null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Time for output that is still in a pipe when a program has ended. Milliseconds. */
const graceMs = 200;

/**
 * Resolves when a program has ended and its output was read. A process that it left running may hold the output open;
 * that one is not waited for. Rejects if the program could not be started, or its output cannot be read.
 */
export function ended(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (code: number | null, signal: NodeJS.Signals | null) => {
      clearTimeout(timer);
      resolve({ code, signal });
      dropOutput(child);
    };
    child.on('error', (error) => {
      if (child.pid === undefined) reject(error);
    });
    for (const stream of [child.stdout, child.stderr]) stream?.once('error', reject);
    child.once('close', settle);
    child.once('exit', (code, signal) => {
      timer = setTimeout(() => whenQuiet(child, () => settle(code, signal)), graceMs);
    });
  });
}

/** Stops reading a program's output: whatever holds it writes into a closed pipe. */
export function dropOutput({ stdout, stderr }: Pick<ChildProcess, 'stdout' | 'stderr'>): void {
  stdout?.destroy();
  stderr?.destroy();
}

// This process may have been busy: first read what has arrived meanwhile.
function whenQuiet({ stdout, stderr }: ChildProcess, then: () => void): void {
  let news = false;
  const note = () => {
    news = true;
  };
  const streams = [stdout, stderr].filter((stream) => stream !== null);
  for (const stream of streams) stream.on('data', note);
  const look = () => {
    if (!news) {
      for (const stream of streams) stream.off('data', note);
      return then();
    }
    news = false;
    setImmediate(look);
  };
  setImmediate(look);
}
