import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { exitCode } from '../base/errors.js';
import type { Env } from '../base/runtime.js';
import { systemProgram } from './program-in-path.js';

type Pid = Pick<ChildProcess, 'pid'>;

/** Starts a program; call `release` when it has ended. */
export type Start = <Child extends Pid>(spawn: () => Child) => { child: Child; release: () => void };

/** Starts a program and ends it with this process, also by a signal: one in its own process group gets none from the terminal. */
export const endWithUs: Start = guardian(process, endTree);

/** The same for an ssh that is in our process group, so that it can ask at the terminal: it ends as its own ProxyCommand does. */
export const sshEndsWithUs: Start = guardian(process, ({ pid }) => {
  if (pid !== undefined) unlessEnded(() => process.kill(pid, 'SIGTERM'));
});

/** Ends an ssh with this process, also if this process is killed: one that waits at its question, or that a machine keeps. */
export const keptSshEndsWithUs: Start = (start) => {
  if (process.platform === 'win32') return sshEndsWithUs(start);
  // Before the program: else a kill in between would leave that.
  const guard = startGuard('kill "$pid"');
  const { child, release } = sshEndsWithUs(start);
  guard.watch(child);
  const releaseBoth = () => {
    guard.release();
    release();
  };
  return { child, release: releaseBoth };
};

/** Another process that ends a program by `kill`, a line of sh with $pid, if this one is killed before `release`: it sees the end of our pipe. */
export function startGuard(kill: string) {
  const script = `read -r pid && [ -n "$pid" ] && { read -r _ || ${kill}; }`;
  const stdio = ['pipe', 'ignore', 'ignore'] as const;
  const guard = spawn('/bin/sh', ['-c', script], { stdio: [...stdio], detached: true });
  guard.on('error', () => {});
  guard.stdin?.on('error', () => {});
  guard.unref();
  return {
    watch: ({ pid }: Pid) => void guard.stdin?.write(`${pid}\n`),
    release: () => void guard.stdin?.end('\n'),
  };
}

/** A program may have ended by itself. */
function unlessEnded(kill: () => unknown): void {
  try {
    kill();
  } catch {}
}

export type Host = Pick<
  NodeJS.Process,
  'on' | 'prependListener' | 'off' | 'listenerCount' | 'kill' | 'pid' | 'platform'
>;

/** The same for another process object, for tests. */
export function guardian(host: Host, end: (child: Pid) => void): Start {
  const running = new Set<{ pid?: number }>();
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
    // The listener runs before spawn returns.
    const place: { pid?: number } = {};
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

export interface EndEffects {
  readonly platform: NodeJS.Platform;
  readonly env: Env;
  readonly kill: (pid: number, signal: NodeJS.Signals) => unknown;
  readonly run: typeof runShortly;
}

const effects: EndEffects = {
  platform: process.platform,
  get env() {
    return process.env;
  },
  kill: (pid, signal) => process.kill(pid, signal),
  run: runShortly,
};

/** Kills a program's process group, on Windows its process tree. A daemon, which has left the group, goes on. */
export function endTree({ pid }: Pid, { platform, env, kill, run }: EndEffects = effects): void {
  if (pid === undefined) return;
  // The tree is found by its root, which must still exist.
  if (platform === 'win32') run(systemProgram('taskkill.exe', env), ['/pid', String(pid), '/t', '/f']);
  for (const target of platform === 'win32' ? [pid] : [-pid, pid]) unlessEnded(() => kill(target, 'SIGKILL'));
}

/** The same for a program that has just ended: what is left of its process group. Windows no longer knows what it started. */
export function endRest({ pid }: Pid, { platform, kill }: EndEffects = effects): void {
  if (pid !== undefined && platform !== 'win32') unlessEnded(() => kill(-pid, 'SIGKILL'));
}

function runShortly(program: string, args: readonly string[]): void {
  spawnSync(program, args, { stdio: 'ignore', windowsHide: true, timeout: 2000 });
}

export interface Ended {
  /** The exit code; null if a signal ended the program. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export function howEnded({ code, signal }: Ended): string {
  return signal ? `a signal ended it: ${signal}` : `exit code ${code}`;
}

/** What Windows has for a program that Ctrl-C ended: STATUS_CONTROL_C_EXIT. */
const ctrlC = 0xc000013a;

/** The exit code of a program as a shell says it: 128 and the number of the signal that ended it, on Windows 130 for Ctrl-C. */
export function shellCode({ code, signal }: Ended): number {
  const number = signal ? constants.signals[signal] : 0;
  return code === ctrlC ? exitCode.interrupted : (code ?? 128 + number);
}

type Interrupted = Pick<NodeJS.Process, 'on' | 'emit' | 'listenerCount' | 'exit'>;

/** On Windows: ends this process with 130 at a Ctrl-C that nobody else waits for, and takes Ctrl-Break for one. Its own code for that does not fit into a byte. */
export function exitOnCtrlC(host: Interrupted = process) {
  host.on('SIGBREAK', () => void host.emit('SIGINT', 'SIGINT'));
  host.on('SIGINT', () => {
    if (host.listenerCount('SIGINT') === 1) host.exit(exitCode.interrupted);
  });
}

/** Time for output that is still in a pipe when a program has ended. Milliseconds. */
const graceMs = 100;

/** Resolves when a program has ended and its output was read; whoever else holds that open is not waited for. Rejects if either failed. */
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
      const wait = (then: () => void) => {
        timer = setTimeout(then, graceMs);
      };
      // Twice: this process may have been busy, and has to read what arrived meanwhile.
      wait(() => wait(() => settle(code, signal)));
    });
  });
}

/** Stops reading a program's output: whatever holds it writes into a closed pipe. */
export function dropOutput({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy();
  stderr?.destroy();
}
