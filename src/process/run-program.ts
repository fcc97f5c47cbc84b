import { type SpawnOptions, spawn } from 'node:child_process';
import type { Env } from '../base/runtime.js';
import { dropOutput, type Ended, ended, endTree, endWithUs } from './terminate.js';

export interface ProgramOptions {
  readonly env: Env;
  readonly cwd?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly encoding?: BufferEncoding;
  /** The limit of stdout, and of stderr, in characters. */
  readonly longest?: number;
  /** Ends the program as soon as its stderr matches. */
  readonly until?: RegExp;
  /** Gets all of its stdout so far, each time that more has come. */
  readonly onOutput?: (stdout: string) => void;
  /** "inherit": it goes to our own stderr. Default: it is kept. */
  readonly stderr?: 'inherit' | 'pipe';
  /** "socket": nothing comes from it, and it stays open. On Unix both engines' pipes to a child are sockets. Default: it is empty. */
  readonly stdin?: 'socket';
}

export interface ProgramOutput {
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramResult extends ProgramOutput {
  /** Null: by a signal. */
  readonly code: number | null;
  /** Why it was ended; undefined if it ended by itself. */
  readonly stopped?: Stop;
}

export interface ProgramEnd extends Ended, ProgramResult {}

/** The program took too long, its caller gave up, it printed too much, or it printed what `until` waits for. */
export type Stop = 'timeout' | 'aborted' | 'output' | 'until';

/** Runs a program and keeps its output; a limit ends it with all that it started. Rejects if it does not start or cannot be read. */
export async function runProgram(
  [program = '', ...args]: readonly string[],
  options: ProgramOptions,
): Promise<ProgramEnd> {
  const { env, cwd, timeoutMs, signal, until, onOutput } = options;
  const { encoding = 'utf8', longest = maxCharacters, stderr = 'pipe' } = options;
  const texts = { stdout: '', stderr: '' };
  const unended = { ...texts, code: null, signal: null };
  if (signal?.aborted) return { ...unended, stopped: 'aborted' };
  const how: SpawnOptions = {
    env: { ...env },
    cwd,
    stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', stderr],
    windowsHide: true,
    // In a process group of its own, without a terminal. On Windows this would open a console.
    detached: process.platform !== 'win32',
  };
  const { child, release } = endWithUs(() => spawn(program, args, how));
  let stop = (_why: Stop) => {};
  const stopped = new Promise<Stop>((resolve) => {
    stop = resolve;
  });
  child.stdin?.on('error', () => {});
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding(encoding).on('data', (text: string) => {
      texts[name] += text;
      if (texts[name].length > longest) stop('output');
      if (name === 'stderr' && until?.test(texts.stderr)) stop('until');
      if (name === 'stdout') onOutput?.(texts.stdout);
    });
  }
  const abort = () => stop('aborted');
  signal?.addEventListener('abort', abort);
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => stop('timeout'), timeoutMs);
  try {
    const end = await Promise.race([ended(child), stopped]).catch((error) => {
      endTree(child);
      throw error;
    });
    if (typeof end !== 'string') return { ...texts, ...end };
    endTree(child);
    dropOutput(child);
    return { ...unended, ...texts, stopped: end };
  } finally {
    clearTimeout(timer);
    child.stdin?.destroy();
    signal?.removeEventListener('abort', abort);
    release();
  }
}

const maxCharacters = 16 << 20;

/** What a program of Windows printed: UTF-16LE, as wsl.exe prints, or UTF-8, which has no NUL bytes. */
export function windowsText(bytes: Buffer): string {
  const wide = bytes.includes(0) || (bytes[0] === 0xff && bytes[1] === 0xfe);
  return bytes.toString(wide ? 'utf16le' : 'utf8').replace(/^\ufeff/, '');
}

/** An error message as text: of PowerShell's CLIXML the errors, and "?" for bytes of another encoding, such as the console's code page. */
export function plainMessage(text: string): string {
  const plain = text.replaceAll(/\ufffd+/g, '?');
  if (!/^\s*#< CLIXML/.test(plain)) return plain;
  return [...plain.matchAll(/<S S="Error">([^<]*)<\/S>/g)]
    .map(([, said = '']) => said)
    .join('')
    .replaceAll(/_x([0-9a-f]{4})_|&(lt|gt|amp|quot|apos);/gi, (whole, code?: string, name = '') =>
      code === undefined ? (entities[name] ?? whole) : String.fromCharCode(Number.parseInt(code, 16)),
    );
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
