import { spawn } from 'node:child_process';
import { dropOutput, ended } from '../../process/ended.js';
import { splitLines, splitTerminal } from './lines.js';
import { type ProgressLine, parseProgress } from './progress.js';
import type { GuestRoute } from './route.js';

export interface ScriptOutcome {
  /** What the script said, in order. */
  readonly lines: readonly ProgressLine[];
  /** The script's own exit code; undefined where it never came to its end. */
  readonly code: number | undefined;
  /** What the program of the way said, for where the script did not get to run. */
  readonly message: string;
}

export interface RunScriptOptions {
  readonly onLine: (line: ProgressLine) => void;
  /** On a terminal: what somebody there asks, and the lines that are nobody's. Default: it is kept from sight. */
  readonly onOther?: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Runs a script in a guest over a way and tells each of its lines as it comes. */
export async function runScript(
  route: GuestRoute,
  { onLine, onOther = () => {}, signal, env }: RunScriptOptions,
): Promise<ScriptOutcome> {
  const [program = '', ...args] = route.command;
  const child = spawn(program, args, {
    stdio: [route.terminal ? 'inherit' : 'pipe', 'pipe', 'pipe'],
    env: { ...env, WSL_UTF8: '1' },
    ...(signal ? { signal } : {}),
  });
  const lines: ProgressLine[] = [];
  let message = '';
  let stop = (_why: string) => {};
  const takeLine = (text: string) => {
    const line = parseProgress(text);
    if (line && lines.length >= mostLines) return stop(`it printed more than ${mostLines} lines of a script`);
    if (line) lines.push(line);
    if (line && line.state !== 'end') onLine(line);
    if (line) return;
    if (text !== '') onOther(`${text.trimEnd()}\n`);
    if (text.trim() !== '') message = text.trim();
  };
  const take = route.terminal ? splitTerminal(takeLine, onOther) : splitLines(takeLine);
  const complain = splitLines((text) => {
    if (text.trim() !== '') message = text.trim();
  });
  let taken = 0;
  const limited = (take: (part: string) => void) => (part: string) => {
    taken += part.length;
    if (taken > mostMiB << 20) stop(`it printed more than ${mostMiB} MiB`);
    else take(part);
  };
  child.stdin?.on('error', () => {}); // it may end before it has read all
  child.stdin?.end(route.input ?? '');
  child.stdout?.setEncoding('utf8').on('data', limited(take));
  child.stderr?.setEncoding('utf8').on('data', limited(complain));
  const stopped = await new Promise<string | undefined>((resolve) => {
    stop = resolve;
    // It was not found, or Ctrl-C ends it: then it is not waited for.
    child.once('error', ({ message }) => resolve(message));
    ended(child).then(
      () => resolve(undefined),
      () => {},
    );
  });
  dropOutput(child);
  if (stopped !== undefined) {
    child.kill();
    return { lines, code: undefined, message: stopped };
  }
  take('\n');
  complain('\n');
  const end = lines.findLast((line) => line.state === 'end');
  return { lines, code: end && Number(end.step), message };
}

/** A script of ours prints some forty lines; beside it, its guest may say what it likes. */
const mostLines = 1000;
const mostMiB = 16;
