import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { shellLine } from '../../../src/typed/shell.js';
import { addonPath } from './addon.js';
import { readToEnd } from './peer.js';

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export interface RunningChild {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

/** What runs the programs of fixtures/: this Node, or another runtime such as Bun. */
const runtime = process.env.TEST_RUNTIME ?? process.execPath;

/** Runs a program of fixtures/ on the addon under test. Its stderr is gathered. */
export function startFixture(
  name: string,
  args: readonly string[],
  options: {
    stdio?: [unknown, unknown];
    /** A command that runs the rest of its arguments. */
    wrapper?: readonly string[];
    /** Makes a command that runs the program's command line, such as ssh with its ProxyCommand. */
    through?: (line: string) => readonly string[];
    nodeArgs?: readonly string[];
    /** A program that does what the one of fixtures/ does, without Node. */
    program?: string;
    /** Gives it descriptor 20 too, which nobody marked to be closed by exec. */
    oneMore?: boolean;
  } = {},
): RunningChild {
  const { stdio = ['ignore', 'ignore'], wrapper = [], nodeArgs = [], through, program, oneMore } = options;
  const script = fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
  const line = [...wrapper, ...(program ? [program] : [runtime, ...nodeArgs, script]), ...args];
  // A sanitizer's library is for the program, not for what runs it.
  const { LD_PRELOAD = '', ...environment } = process.env;
  const [command = '', ...rest] = through
    ? through(shellLine(['env', `LD_PRELOAD=${LD_PRELOAD}`, ...line]))
    : line;
  const child = spawn(command, rest, {
    stdio: [...stdio, 'pipe', ...(oneMore ? [...Array(17).fill('ignore'), 2] : [])] as StdioOptions,
    env: { ...environment, ...(through ? {} : { LD_PRELOAD }), ADDON: addonPath },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  const stderr = readToEnd(child.stderr as Readable);
  return { child, finished: finish(exit, stderr) };
}

/** A wrapper in which every second call of the system by the main thread fails as if a signal had come. */
export function interrupted(call: string): readonly string[] {
  return ['strace', '-qq', '-o', '/dev/null', '-e', `inject=${call}:error=EINTR:when=1+2`];
}

async function finish(exit: Promise<unknown[]>, stderr: Promise<Buffer>): Promise<Finished> {
  const [code, signal] = (await exit) as [number | null, NodeJS.Signals | null];
  return { code, signal, stderr: (await stderr).toString() };
}
