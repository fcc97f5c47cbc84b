import { spawn } from 'node:child_process';
import type { Ended } from './ended.js';

/** Time in which a program that cannot do what it is asked usually ends. Milliseconds. */
const watchedMs = 1000;

/**
 * Starts a program that goes on by itself, without a terminal, stdin or output, and no shell between. Resolves to its end if it ends
 * at once, else to undefined. Rejects with a system error if it could not be started.
 */
export function startDetached(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Ended | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...env },
      stdio: 'ignore',
      detached: true,
      windowsHide: true,
    });
    const timer = setTimeout(() => {
      child.unref();
      resolve(undefined);
    }, watchedMs);
    const settle = (call: () => void) => {
      clearTimeout(timer);
      call();
    };
    child.once('error', (error) => settle(() => reject(error)));
    child.once('exit', (code, signal) => settle(() => resolve({ code, signal })));
  });
}
