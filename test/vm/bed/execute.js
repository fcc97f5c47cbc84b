/** @import { ExecuteOptions, Result } from '../types.js' */
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';

/**
 * Runs a program to its end, in a process group of its own that the deadline (seconds) or our own end takes along.
 * A code other than 0 throws unless allowFailure.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {ExecuteOptions} [options]
 * @returns {Promise<Result>}
 */
export async function execute(program, args, options = {}) {
  const { input, env, timeout = 60, allowFailure = false, name = `${program} ${args.join(' ')}` } = options;
  const child = spawn(program, args, { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const end = () => killGroup(child.pid);
  process.once('exit', end);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end();
  }, timeout * 1000);
  try {
    const [stdout, stderr, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      endOf(child),
      feed(child.stdin, input),
    ]);
    if (late) throw new Error(`${name}: not done after ${timeout} s\n${tail(stderr || stdout)}`);
    if (code !== 0 && !allowFailure) throw new Error(`${name}: exit ${code}\n${tail(stderr || stdout)}`);
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
    process.removeListener('exit', end);
  }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number | string>}
 */
function endOf(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}

/**
 * Adds text to an error's message.
 * @param {unknown} error
 * @param {string} text
 */
export function withMore(error, text) {
  if (error instanceof Error) error.message += text;
  return error;
}

/**
 * The last lines of a text, for an error message.
 * @param {string} text
 * @param {number} [lines]
 */
export function tail(text, lines = 20) {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/** @param {number | undefined} pid @param {NodeJS.Signals} [signal] */
export function killGroup(pid, signal = 'SIGKILL') {
  try {
    if (pid) process.kill(-pid, signal);
  } catch {
    // already gone
  }
}

/** @param {import('node:stream').Readable} stream */
async function text(stream) {
  let all = '';
  for await (const part of stream.setEncoding('utf8')) all += part;
  return all;
}

/** @param {import('node:stream').Writable} stdin @param {ExecuteOptions['input']} input */
function feed(stdin, input) {
  stdin.on('error', () => {}); // a program may end without reading it all
  if (input instanceof Readable) input.pipe(stdin);
  else stdin.end(input);
}
