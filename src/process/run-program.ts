import { type SpawnOptions, spawn } from 'node:child_process';
import { endTree } from './end-tree.js';
import { endWithUs } from './end-with-us.js';
import { dropOutput, type Ended, ended } from './ended.js';

export interface ProgramOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly encoding?: BufferEncoding | undefined;
  /** Characters that are taken of stdout, and of stderr. */
  readonly longest?: number | undefined;
  /** It is ended as soon as its stderr holds this: nothing more is wanted of it. */
  readonly until?: RegExp | undefined;
  /** "inherit": what it says there is for whoever reads our own. Default: it is kept. */
  readonly stderr?: 'inherit' | 'pipe' | undefined;
}

/** What came of a program. */
export interface ProgramEnd extends Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** Why it was ended; undefined: it ended by itself. */
  readonly stopped?: Stop | undefined;
}

/** It took too long, or its caller gave up, or it printed too much, or all that is wanted. */
export type Stop = 'timeout' | 'aborted' | 'output' | 'until';

export interface ProgramEffects {
  readonly platform: NodeJS.Platform;
  /** Calls back after some milliseconds, and returns what calls that off. */
  readonly after: (ms: number, call: () => void) => () => void;
}

const effects: ProgramEffects = { platform: process.platform, after };

/**
 * Runs a program without stdin and keeps what it prints. When a limit is reached it is ended with all that it started, and
 * nobody waits for that. Rejects with an errno's error where it could not be started.
 */
export async function runProgram(
  [program = '', ...args]: readonly string[],
  options: ProgramOptions,
  { platform, after }: ProgramEffects = effects,
): Promise<ProgramEnd> {
  const {
    env,
    timeoutMs,
    signal,
    encoding = 'utf8',
    longest = mostCharacters,
    stderr = 'pipe',
    until,
  } = options;
  const texts = { stdout: '', stderr: '' };
  const unended = { ...texts, code: null, signal: null };
  if (signal?.aborted) return { ...unended, stopped: 'aborted' };
  const how: SpawnOptions = {
    env: { ...env },
    stdio: ['ignore', 'pipe', stderr],
    windowsHide: true,
    // A process group of its own, and no terminal. On Windows that would be a console of its own.
    detached: platform !== 'win32',
  };
  const { child, release } = endWithUs(() => spawn(program, args, how));
  let stop = (_why: Stop) => {};
  const stopped = new Promise<Stop>((resolve) => {
    stop = resolve;
  });
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding(encoding).on('data', (text: string) => {
      texts[name] += text;
      if (texts[name].length > longest) stop('output');
      if (name === 'stderr' && until?.test(texts.stderr)) stop('until');
    });
  }
  const abort = () => stop('aborted');
  signal?.addEventListener('abort', abort);
  const callOff = timeoutMs === undefined ? undefined : after(timeoutMs, () => stop('timeout'));
  try {
    const end = await Promise.race([ended(child), stopped]);
    if (typeof end !== 'string') return { ...texts, ...end };
    endTree(child);
    dropOutput(child);
    return { ...unended, ...texts, stopped: end };
  } finally {
    callOff?.();
    signal?.removeEventListener('abort', abort);
    release();
  }
}

const mostCharacters = 16 << 20;

function after(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
}
