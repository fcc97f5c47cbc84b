import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { problemIn } from '../base/errors.js';
import { type Env, now } from '../base/runtime.js';
import { mayPrint, newProof, type ProgressLine, parseProgress } from '../guest/report.js';
import { whyNotStarted } from '../process/ssh-program.js';
import { dropOutput, ended, keptSshEndsWithUs } from '../process/terminate.js';
import { DiscoveryError, type ScriptRunner } from '../sources/source.js';

/** How a script is started. */
export interface ScriptCall {
  /** The program and its arguments; `input` goes to its stdin. */
  readonly command: readonly string[];
  readonly input: string | undefined;
  /** The script whose steps it may print, if not those of the input. */
  readonly script?: string;
  /** The script's stdin is this process's terminal, for prompts. */
  readonly terminal?: true;
  /** A manager that runs scripts itself, in place of a program. */
  readonly run?: ScriptRunner;
}

interface Outcome {
  readonly lines: readonly ProgressLine[];
  /** The script's own exit code; undefined if it did not finish. */
  readonly code: number | undefined;
  /** The last message of its program, for when the script did not run; of ssh, whose proxy is vmssh, the proxy's cause. */
  readonly message: string;
  /** The proxy's hint, or how to get that program. */
  readonly hint?: string | undefined;
  /** Why its manager did not run it. */
  readonly failure?: DiscoveryError | undefined;
}

export interface ScriptEnd extends Outcome {
  /** What was started. */
  readonly program: string;
}

export interface RunScriptOptions {
  readonly onLine: (line: ProgressLine) => void;
  /** On a terminal: prompts and lines that are not the script's, each behind "| ". Default: not shown. */
  readonly onOther?: (text: string) => void;
  /** What its program says on stderr, a line each: it may ask. */
  readonly onComplaint?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal;
  /** When the program is stopped. Milliseconds. */
  readonly limitMs?: number | undefined;
  /** How long its first line may take. Milliseconds. */
  readonly firstMs?: number | undefined;
  readonly env: Env;
}

/** Runs a script in a guest and reports each of its lines as it arrives. */
export async function runScript(call: ScriptCall, options: RunScriptOptions): Promise<ScriptEnd> {
  // Over a connection with one session at a time (MaxSessions), one that has just ended may count. A script that ran may say so too.
  for (const from = now(); ; ) {
    const outcome = await runOnce(call, options);
    const isRefused = outcome.lines.length === 0 && refusedSession.test(outcome.message);
    if (!isRefused || now() - from > refusedMs) return { ...outcome, program: call.command[0] ?? '' };
    await delay(200);
  }
}

const refusedMs = 10_000;

/** What fish says, in sh's place, before it quotes the script, and what tmux and screen say without a terminal: a start file has gone over to them. */
export const otherShell = /^fish: |open terminal failed|not a terminal|Must be connected to a terminal/;

/** What ssh says last if the one whose connection it should use gets no session. */
const refusedSession = /: Session open refused by peer$/;

async function runOnce(call: ScriptCall, options: RunScriptOptions): Promise<Outcome> {
  const { run, input = '' } = call;
  if (!run) return runProgramOf(call, options);
  const { signal, limitMs } = options;
  const reader = readerOf(call, options, newProof(), {});
  try {
    const { stdout, stderr } = await run(input, { signal, limitMs });
    reader.take(stdout);
    reader.complain(stderr);
    return reader.outcome();
  } catch (error) {
    const failure = error instanceof DiscoveryError ? error : undefined;
    if (!failure && !signal?.aborted) throw error;
    return { lines: reader.lines, code: undefined, message: failure?.message ?? '', failure };
  }
}

/** Starts the program, which gets the script on its stdin or in its words. */
async function runProgramOf(call: ScriptCall, options: RunScriptOptions): Promise<Outcome> {
  const { terminal, input = '' } = call;
  const { signal, limitMs, firstMs, env } = options;
  let stop = (_why: string) => {};
  let limit: NodeJS.Timeout | undefined;
  const startClock = (ms: number | undefined) => {
    clearTimeout(limit);
    limit = ms === undefined ? undefined : setTimeout(() => stop(late(reader.lines)), ms);
  };
  const proof = newProof();
  const reader = readerOf(call, options, proof, {
    onFirst: () => limit && startClock(limitMs),
    onTooMuch: (why) => stop(why),
  });
  const [program = '', ...args] = call.command;
  const { child, release } = keptSshEndsWithUs(() =>
    spawn(program, args, {
      stdio: [terminal ? 'inherit' : 'pipe', 'pipe', 'pipe'],
      env: { ...env, WSL_UTF8: '1', VMSSH_MARK: proof },
      ...(signal ? { signal } : {}),
    }),
  );
  let taken = 0;
  const limited = (take: (part: string) => void) => (part: string) => {
    taken += part.length;
    if (taken > maxMiB << 20) stop(`it printed more than ${maxMiB} MiB`);
    else take(part);
  };
  child.stdin?.on('error', () => {}); // it may end before it has read all
  child.stdin?.end(input);
  child.stdout?.setEncoding('utf8').on('data', limited(reader.take));
  child.stderr?.setEncoding('utf8').on('data', limited(reader.complain));
  startClock(firstMs ?? limitMs);
  const stopped = await new Promise<Pick<Outcome, 'message' | 'hint'> | undefined>((resolve) => {
    stop = (message) => resolve({ message });
    // The program was not found, or Ctrl-C ended it: then do not wait for it.
    child.once('error', (error) => {
      const { problem, hint } = whyNotStarted(program, error, { env, platform: process.platform });
      resolve({ message: problem, hint });
    });
    ended(child)
      .then(() => resolve(undefined))
      .catch(() => {});
  });
  clearTimeout(limit);
  limit = undefined;
  release();
  dropOutput(child);
  if (stopped === undefined) return reader.outcome();
  child.kill();
  return { lines: reader.lines, code: undefined, ...stopped };
}

function late(lines: readonly ProgressLine[]): string {
  const last = lines.at(-1);
  return last === undefined
    ? 'the time is over, and it said nothing'
    : `the time is over, and nothing after its step ${last.step} was reached`;
}

/** Reads what a script prints, and what its program says on stderr: lines of our proxy have `proof`. */
function readerOf(
  { script, input, terminal }: ScriptCall,
  { onLine, onOther = () => {}, onComplaint }: RunScriptOptions,
  proof: string,
  { onFirst, onTooMuch }: { readonly onFirst?: () => void; readonly onTooMuch?: (why: string) => void },
) {
  const lines: ProgressLine[] = [];
  let message = '';
  let isBegun = false;
  const other = (text: string) => {
    onOther(isBegun || text === '\n' ? text : `| ${text}`);
    isBegun = !text.endsWith('\n');
  };
  const takeLine = (text: string) => {
    const parsed = parseProgress(text);
    const line = parsed && mayPrint(script ?? input, parsed) ? parsed : undefined;
    if (line && lines.length >= maxLines)
      return onTooMuch?.(`it printed more than ${maxLines} lines of a script`);
    if (line && lines.push(line) === 1) onFirst?.();
    if (line && isBegun) other('\n');
    if (line && line.state !== 'end') onLine(line);
    if (line) return;
    // A blank one ends the line of a question.
    if (text !== '') other(text.trim() === '' ? '\n' : `${text.trimEnd()}\n`);
    if (text.trim() !== '') message = text.trim();
  };
  const take = splitLines(takeLine, terminal && other);
  const mark = ` ${proof}`;
  let proxy: string[] = [];
  const complain = splitLines((text) => {
    const line = text.trim().replace(mark, '');
    if (text.startsWith(`vmssh${mark}: `)) proxy = [problemIn(line.slice('vmssh: '.length))];
    else if (proxy.length === 1 && line.startsWith('hint: ')) proxy.push(line.slice('hint: '.length));
    if (line === '' || refusedSession.test(message) || otherShell.test(message)) return;
    // ssh goes on to other keys.
    const isUnsigned = /agent refused operation/.test(message) && /Permission denied/.test(line);
    message = isUnsigned ? `${line} ${message}` : line;
    if (!refusedSession.test(line)) onComplaint?.(line);
  });
  const outcome = (): Outcome => {
    take('\n');
    complain('\n');
    const end = lines.findLast((line) => line.state === 'end');
    const [problem, hint] = closedMessage.test(message) ? proxy : [];
    return { lines, code: end && Number(end.step), message: problem ?? message, hint };
  };
  return { lines, take, complain, outcome };
}

/** What ssh says last if its connection ends early. */
export const closedMessage = /^(kex|ssh)_exchange_identification: |^Connection (closed|reset) by /;

/** Our scripts print some forty lines; the guest may print anything else. */
const maxLines = 1000;
const maxMiB = 16;

/** The characters kept of a long line, from its end. */
const maxLineLength = 65_536;

/**
 * Splits chunks into lines and calls `each` with every complete one, but of a long one only with its last 64 KiB.
 * `prompt`, for a terminal, gets text without a newline at once, but not our own lines, which begin with a to z.
 */
export function splitLines(each: (line: string) => void, prompt?: (text: string) => void) {
  let rest = '';
  return (part: string) => {
    const at = part.lastIndexOf('\n') + 1;
    if (at > 0) {
      for (const line of (rest + part.slice(0, at - 1)).split('\n')) each(line.slice(-maxLineLength));
      rest = '';
    }
    rest += part.slice(at);
    // Not at every chunk, so that small ones do not copy the line each time.
    if (rest.length > 2 * maxLineLength) rest = rest.slice(-maxLineLength);
    if (!prompt || rest === '' || /^[a-z]/.test(rest)) return;
    prompt(rest);
    rest = '';
  };
}
