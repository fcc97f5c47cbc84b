/** @import { ChildProcess, SpawnOptions } from 'node:child_process' */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Milliseconds for a program to end after a signal. */
const patience = 5000;

/** What ends each program that still runs. @type {Map<ChildProcess, (signal: NodeJS.Signals) => void>} */
const running = new Map();
let isEnding = false;

/**
 * Runs a program in a process group of its own, so that all that it starts can be ended with it. Returns its exit status, null if a
 * signal ended it.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {SpawnOptions} [options]
 * @returns {Promise<number | null>}
 */
export function finish(program, args, options = {}) {
  const child = startGroup(program, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // While all is being ended, what would follow is not started any more.
    child.once('close', (status) => !isEnding && resolve(status));
  });
}

/**
 * Starts such a program.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {SpawnOptions} options
 */
export function startGroup(program, args, options) {
  const child = spawn(program, args, { ...options, detached: true });
  return watch(child, (signal) => child.pid !== undefined && process.kill(-child.pid, signal));
}

/** Ends this program too if the run is ended. @template {ChildProcess} T @param {T} child */
export function endWithRun(child) {
  return watch(child, (signal) => child.kill(signal));
}

/** Ctrl-C, and the signals that end a run, end what it started; another one ends the run at once. */
export function endOnSignals() {
  for (const signal of /** @type {const} */ (['SIGHUP', 'SIGINT', 'SIGTERM']))
    process.once(signal, () => end(128 + constants.signals[signal]));
}

/** @template {ChildProcess} T @param {T} child @param {(signal: NodeJS.Signals) => void} kill */
function watch(child, kill) {
  running.set(child, kill);
  const forget = () => running.delete(child);
  child.once('exit', forget).once('error', forget);
  return child;
}

/** @param {number} code */
function end(code) {
  isEnding = true;
  const ended = [...running.keys()].map((child) => new Promise((resolve) => child.once('exit', resolve)));
  send('SIGTERM');
  setTimeout(() => {
    send('SIGKILL');
    process.exit(code);
  }, patience);
  Promise.all(ended).then(() => process.exit(code));
}

/** @param {NodeJS.Signals} signal */
function send(signal) {
  for (const kill of running.values()) {
    try {
      kill(signal);
    } catch {
      // It has just ended.
    }
  }
}
