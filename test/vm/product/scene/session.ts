import { type ChildProcess, spawn } from 'node:child_process';

/** A program that is left running and talked to. */
export interface Session {
  readonly child: ChildProcess;
  /** What it printed so far. */
  readonly seen: { stdout: string; stderr: string; bytes: number };
  write(text: string): void;
  /** Resolves when the condition holds; rejects when the program ends before, or after `seconds`. */
  until(condition: () => boolean, seconds?: number): Promise<void>;
  /** Resolves to its exit code; after `seconds` it is killed and this rejects. */
  ended(seconds?: number): Promise<number | null>;
}

/** Starts a program; stdout is kept as text, or with `bulk` only counted. */
export function startSession(command: readonly string[], bulk?: (part: Buffer) => void): Session {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: 'pipe' });
  const seen = { stdout: '', stderr: '', bytes: 0 };
  const looks = new Set<() => void>();
  const changed = () => {
    for (const look of looks) look();
  };
  let code: number | null | undefined;
  child.stdin.on('error', () => {});
  child.stdout.on('data', (part: Buffer) => {
    seen.bytes += part.length;
    if (bulk) bulk(part);
    else seen.stdout += part;
    changed();
  });
  child.stderr.on('data', (part) => {
    seen.stderr += part;
    changed();
  });
  child.once('close', (end) => {
    code = end;
    changed();
  });
  child.once('error', (error) => {
    code = null;
    seen.stderr += error.message;
    changed();
  });

  function wait<T>(look: () => T | undefined, seconds: number, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) =>
        settle(() => reject(new Error(`${what}: ${why} after ${JSON.stringify(seen)}`)));
      const timer = setTimeout(fail, seconds * 1000, `not after ${seconds} s`);
      const settle = (end: () => void) => {
        clearTimeout(timer);
        looks.delete(once);
        end();
      };
      const once = () => {
        const result = look();
        if (result !== undefined) settle(() => resolve(result));
        else if (code !== undefined) fail(`it ended with ${code}`);
      };
      looks.add(once);
      once();
    });
  }

  return {
    child,
    seen,
    write: (text) => child.stdin.write(text),
    until: (condition, seconds = 150) =>
      wait(() => condition() || undefined, seconds, 'waiting').then(() => {}),
    async ended(seconds = 60) {
      try {
        await wait(() => (code === undefined ? undefined : true), seconds, 'waiting for its end');
      } catch (error) {
        child.kill('SIGKILL');
        throw error;
      }
      return code ?? null;
    },
  };
}
