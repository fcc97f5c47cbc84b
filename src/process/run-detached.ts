import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quote } from '../base/errors.js';
import type { Env } from '../base/runtime.js';
import { type Ended, endTree } from './terminate.js';

export interface ApartOptions {
  /** An environment without another user's TMPDIR. */
  readonly env: Env;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called once it runs in a session of its own, where a Ctrl-C does not reach it. */
  readonly onStart?: () => void;
}

/** How it ended, and the end of its stderr; `left`: it goes on, since it took too long or the caller gave up. "output": it printed too much, and was ended. */
export type ApartEnd = (Ended & { readonly stderr: string }) | Unended;

type Unended = { readonly left: 'timeout' | 'aborted' } | { readonly ended: 'output' };

/** How much a program may print on stderr, and how much of that is kept. Bytes. */
const maxPrinted = 1 << 20;
const maxKept = 1 << 14;
const lookEveryMs = 250;

/** Runs a program that may outlive this process: its stderr is a file without a name, since a pipe would break. Rejects if it does not start. */
export async function runApart(
  [program = '', ...args]: readonly string[],
  { env, timeoutMs, signal, onStart }: ApartOptions,
): Promise<ApartEnd> {
  const printed = openUnnamed(env);
  const timers: NodeJS.Timeout[] = [];
  let abort = () => {};
  try {
    let child: ChildProcess;
    try {
      child = spawn(program, args, {
        env: { ...env },
        stdio: ['ignore', 'ignore', printed.write],
        windowsHide: true,
        detached: process.platform !== 'win32',
      });
    } finally {
      closeSync(printed.write);
    }
    if (child.pid !== undefined) onStart?.();
    const end = await new Promise<Ended | Unended>((resolve, reject) => {
      abort = () => resolve({ left: 'aborted' });
      child.once('error', reject);
      child.once('exit', (code, by) => resolve({ code, signal: by }));
      timers.push(
        setTimeout(() => resolve({ left: 'timeout' }), timeoutMs),
        setInterval(() => {
          if (!isTooLong(printed.read)) return;
          endTree(child);
          resolve({ ended: 'output' });
        }, lookEveryMs),
      );
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
    });
    child.unref();
    if (!('code' in end)) return end;
    if (isTooLong(printed.read)) return { ended: 'output' };
    return { ...end, stderr: readFileSync(printed.read).subarray(-maxKept).toString('utf8') };
  } finally {
    for (const timer of timers) clearInterval(timer);
    signal.removeEventListener('abort', abort);
    closeSync(printed.read);
    printed.remove();
  }
}

/** A file that only its descriptors know, once for its writer and once for us. `remove`: for Windows, where an open one may keep its name. */
export function openUnnamed(env: Env) {
  const folder = temporaryFolder(env);
  let isThere = true;
  const remove = () => {
    try {
      // Only once: then anybody may have a folder of that name.
      if (isThere) rmSync(folder, { recursive: true, force: true });
      isThere = false;
    } catch {}
  };
  let write: number | undefined;
  try {
    const path = join(folder, 'stderr');
    write = openSync(path, 'a', 0o600);
    return { write, read: openSync(path, 'r'), remove };
  } catch (error) {
    if (write !== undefined) closeSync(write);
    throw error;
  } finally {
    remove();
  }
}

/** Throws an error without a code: it is not the program that is missing. */
function temporaryFolder({ TMPDIR }: Env): string {
  const temp = process.platform === 'win32' ? tmpdir() : TMPDIR || '/tmp';
  try {
    return mkdtempSync(join(temp, 'vmssh-'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(`the folder for temporary files, ${quote(temp)}, cannot be used (${code})`, { cause });
  }
}

function isTooLong(descriptor: number): boolean {
  return fstatSync(descriptor).size > maxPrinted;
}
