import type { ChildProcess } from 'node:child_process';
import { endTree } from './end-tree.js';

type Pid = Pick<ChildProcess, 'pid'>;

/** Starts a program; `release` is to be called when it has ended. */
export type Start = <Child extends Pid>(spawn: () => Child) => { child: Child; release: () => void };

/**
 * Starts a program and ends it when this process ends, also by a signal: a program in a process group of its own gets
 * none from the terminal.
 */
export const endWithUs: Start = guardian(process, endTree);

/** What is needed of `process`. */
export type Host = Pick<
  NodeJS.Process,
  'on' | 'prependListener' | 'off' | 'listenerCount' | 'kill' | 'pid' | 'platform'
>;

/** The same for another process than this one, as a test has it. */
export function guardian(host: Host, end: (child: Pid) => void): Start {
  const running = new Set<{ pid?: number | undefined }>();
  const endAll = () => {
    for (const child of running) end(child);
    running.clear();
    stop();
  };
  const onSignal = (signal: NodeJS.Signals) => {
    endAll();
    // Without us it ends this process, unless somebody else listens.
    if (host.listenerCount(signal) === 0) host.kill(host.pid, signal);
  };
  const start = () => {
    host.on('exit', endAll);
    // In front of the others: one that listens once is not counted any more after its turn. Windows has no such groups.
    if (host.platform !== 'win32') for (const signal of signals) host.prependListener(signal, onSignal);
  };
  const stop = () => {
    host.off('exit', endAll);
    for (const signal of signals) host.off(signal, onSignal);
  };
  return (spawn) => {
    // It runs before spawn returns, so it has to be known before.
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
