import type { ChildProcess } from 'node:child_process';
import { endTree } from './end-tree.js';

type Pid = Pick<ChildProcess, 'pid'>;

/** Starts a program; call `release` when it has ended. */
export type Start = <Child extends Pid>(spawn: () => Child) => { child: Child; release: () => void };

/**
 * Starts a program and ends it when this process ends, also by a signal: a program in its own process group gets no
 * signals from the terminal.
 */
export const endWithUs: Start = guardian(process, endTree);

/** The same for an ssh that is in our process group, so that it can ask at the terminal: it ends as its own ProxyCommand does. */
export const sshEndsWithUs: Start = guardian(process, ({ pid }) => {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
});

/** The used part of `process`. */
export type Host = Pick<
  NodeJS.Process,
  'on' | 'prependListener' | 'off' | 'listenerCount' | 'kill' | 'pid' | 'platform'
>;

/** The same for another process object, for tests. */
export function guardian(host: Host, end: (child: Pid) => void): Start {
  const running = new Set<{ pid?: number | undefined }>();
  const endAll = () => {
    for (const child of running) end(child);
    running.clear();
    stop();
  };
  const onSignal = (signal: NodeJS.Signals) => {
    endAll();
    // Without our handler the signal ends this process, unless there is another listener.
    if (host.listenerCount(signal) === 0) host.kill(host.pid, signal);
  };
  const start = () => {
    host.on('exit', endAll);
    // Before the others: a once-listener no longer counts after it ran. Windows has no process groups.
    if (host.platform !== 'win32') for (const signal of signals) host.prependListener(signal, onSignal);
  };
  const stop = () => {
    host.off('exit', endAll);
    for (const signal of signals) host.off(signal, onSignal);
  };
  return (spawn) => {
    // It runs before spawn returns.
    const place: { pid?: number | undefined } = {};
    if (running.size === 0) start();
    running.add(place);
    const release = () => {
      if (running.delete(place) && running.size === 0) stop();
    };
    try {
      const child = spawn();
      place.pid = child.pid;
      return { child, release };
    } catch (error) {
      release();
      throw error;
    }
  };
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
