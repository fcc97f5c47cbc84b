import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Case, failure } from './case.js';

export const noneOfThatName: Case = {
  name: 'none of that name',
  run: async () => {
    const child = spawn('no-such-program', ['x'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [error] = await once(child, 'error').catch((thrown: unknown) => [thrown]);
    const { message, code, syscall, path } = error as NodeJS.ErrnoException;
    return [message, code, syscall, path, child.pid === undefined];
  },
  want: ['spawn no-such-program ENOENT', 'ENOENT', 'spawn no-such-program', 'no-such-program', true],
};

/** `start` starts a program that lasts. */
export const aborted = (start: (signal: AbortSignal) => ChildProcess): Case => ({
  name: 'aborted',
  run: async () => {
    const controller = new AbortController();
    const child = start(controller.signal);
    const failed = once(child, 'spawn').then(() =>
      failure(() => {
        const exit = once(child, 'exit');
        controller.abort();
        return exit;
      }),
    );
    const ended = new Promise((resolve) => child.once('exit', (...how) => resolve(how)));
    return [await failed, await ended];
  },
  want: ['ABORT_ERR', [null, 'SIGTERM']],
});
