import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { installRuntimes } from '../../build/runtimes.js';
import { shellLine } from '../../src/typed/shell.js';

export interface Outcome {
  /** The exit code, or null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions extends SpawnOptions {
  /** What is written to stdin before it is closed, if it is; undefined: nothing. */
  readonly input?: string | Buffer;
  /** Leaves stdin open, as ssh does. */
  readonly keepOpen?: true;
  /** Milliseconds after which it is killed. */
  readonly timeout?: number;
}

/**
 * What the end-to-end tests run: "node" (this one), the path of another node, "source" (src/ on the newest), "executable",
 * "sanitized-address", "sanitized-thread" or "arm64". See runtimes.js.
 */
export const runtime = process.env.VMSSH_TEST_RUNTIME ?? 'node';

/** Whether they run the executable as built for a sanitizer. */
export const isSanitized = runtime.startsWith('sanitized-');

/** More environment of a program that is traced or filtered, where LeakSanitizer fails: it traces, too. */
export const underTrace: NodeJS.ProcessEnv = isSanitized ? { ASAN_OPTIONS: 'detect_leaks=0' } : {};

/** Milliseconds that a program has, if a test says nothing else: less than the test itself (vitest.config.ts). */
const patience = isSanitized || runtime === 'arm64' ? 250_000 : 100_000;

/** A program without a build; for coverage. */
function fromSource(name: 'from-source' | 'demo-from-source'): readonly string[] {
  return [installRuntimes().node, fileURLToPath(new URL(`../reliability/${name}.js`, import.meta.url))];
}

/** Where the executable lies that they run, if they run one. */
export const executable = {
  executable: dist('linux-x64/vmssh'),
  'sanitized-address': dist('sanitized-address/vmssh'),
  'sanitized-thread': dist('sanitized-thread/vmssh'),
  arm64: dist('linux-arm64/vmssh'),
}[runtime];

/** A program of test/engine/, made like the executable that is tested by `node build/engine.js`; undefined on Node. */
export function engineProgram(name: 'tables' | 'limited' | 'relay' | 'image' | 'plain'): string | undefined {
  const folder = isSanitized ? runtime : { executable: 'engine', arm64: 'engine-arm64' }[runtime];
  return folder && dist(`${folder}/${name}`);
}

/** The built program, as an argument array. */
export const vmssh: readonly string[] = executable === undefined ? onNode() : [executable];

/** The same for a line of shell: its path may have blanks. */
export const vmsshWords = shellLine(vmssh);

function onNode(): readonly string[] {
  if (runtime === 'source') return fromSource('from-source');
  return [runtime === 'node' ? process.execPath : runtime, dist('vmssh.js')];
}

/** What `npm run demo` runs, as an argument array. */
export const builtDemo: readonly string[] =
  runtime === 'source' ? fromSource('demo-from-source') : [process.execPath, dist('demo.mjs')];

export function dist(name: string): string {
  return fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
}

/** The words that a process was started with. A program for another processor has QEMU's and its own path before them. */
export function wordsOf(pid: number | undefined): readonly string[] {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  return words[0]?.endsWith('/qemu-aarch64-static') ? words.slice(2) : words;
}

/** Whether a process still runs; one that only waits to be reaped by init does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** What memory a process holds for itself. Pages of its file are the kernel's, which maps as many around one as it likes. */
export function heldKiB(pid: number | undefined): number {
  return Number(/^Anonymous:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]);
}

export function begin([program = '', ...args]: readonly string[], options: Omit<SpawnOptions, 'stdio'> = {}) {
  return spawn(program, args, options);
}

/** Waits until a stream has said something. Rejects with all that it said if it ends before. */
export function until(stream: Readable | null, says: string | RegExp): Promise<void> {
  let all = '';
  return new Promise((resolve, reject) => {
    stream?.on('data', (part) => {
      all += part;
      if (typeof says === 'string' ? all.includes(says) : says.test(all)) resolve();
    });
    stream?.once('end', () => reject(new Error(`it ended without ${says}: ${all}`)));
  });
}

/** Runs a program to its end and keeps what it printed. */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { input, keepOpen, timeout = patience, ...rest } = options;
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: 'pipe', timeout, ...rest });
  child.stdin?.on('error', () => {});
  if (!keepOpen) child.stdin?.end(input);
  else if (input !== undefined) child.stdin?.write(input);
  return outcome(child);
}

/** What a child prints until it ends. */
export async function outcome(child: ChildProcess): Promise<Outcome> {
  const texts = printedBy(child);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  return { code, signal, ...texts };
}

function printedBy(child: ChildProcess): { readonly stdout: string; readonly stderr: string } {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  return texts;
}

/** Milliseconds for one thing that a test waits for: less than the test itself has. */
const waitPatience = patience / 2;

/** Waits for something that has no deadline of its own. Rejects with its name, and what `told` says then. */
export async function within<T>(what: string, wait: Promise<T>, told: () => string = () => ''): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`after ${waitPatience / 1000} s there is no ${what}\n${told()}`)),
      waitPatience,
    );
  });
  try {
    return await Promise.race([wait, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A program that runs while the test talks to it. */
export interface Followed {
  readonly said: { readonly stdout: string; readonly stderr: string };
  /** Its next line on stdout, which is JSON. Rejects if it ended. */
  next(): Promise<Record<string, unknown>>;
  /** Waits for something that it does; the error has what it had printed, and what `more` returns. */
  within<T>(what: string, wait: Promise<T>): Promise<T>;
}

export function follow(child: ChildProcess, more: () => string = () => ''): Followed {
  const said = printedBy(child);
  if (!child.stdout) throw new TypeError('its stdout is not a pipe');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const told = () => {
    const state = child.exitCode ?? child.signalCode ?? 'it runs';
    return `the program (${state}) had printed: ${JSON.stringify(said)}\n${more()}`;
  };
  return {
    said,
    async next() {
      const { value, done } = await within('line of stdout', lines.next(), told);
      if (done) throw new Error(`its stdout ended: ${told()}`);
      return JSON.parse(value);
    },
    within: (what, wait) => within(what, wait, told),
  };
}
