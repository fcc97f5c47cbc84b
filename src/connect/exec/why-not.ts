import { type ConnectError, errorWith, quote } from '../../base/errors.js';
import { type ProgramResult, runProgram } from '../../process/run-program.js';
import { type Ended, howEnded } from '../../process/terminate.js';
import type { ExecEndpoint } from '../../typed/route.js';
import { shellLine, shellQuoted, targetHere } from '../../typed/shell.js';
import type { OpenOptions } from '../connection.js';
import { openFailure } from '../failures/failures.js';
import script from './sshd.sh';

/** What a program did instead of giving a banner. */
export interface NoServer {
  /** On stdout; `said`: on stderr. */
  readonly printed: string;
  readonly said: string;
  /** Undefined if it goes on. */
  readonly end?: Ended;
  readonly stopped?: 'late' | 'too much';
  /** Why it was not started. */
  readonly failure?: unknown;
  readonly isBrought?: boolean;
}

/** The error for it. What nothing printed explains is looked for in the machine. */
export async function whyNot(
  endpoint: ExecEndpoint,
  seen: NoServer,
  options: OpenOptions,
): Promise<ConnectError> {
  const cause = causeOf(endpoint, seen);
  const found =
    cause.code === 'EXEC_FAILED' && endpoint.into === 'shell' && (await inMachine(endpoint, options));
  return execError(endpoint, found || cause, seen.failure);
}

/** The error for a code of the table of exec failures: its hint may have `targetHere`, which `withTarget` fills in. */
export function execError(endpoint: ExecEndpoint, { code, more, hint }: Cause, failure?: unknown) {
  const error = openFailure(endpoint, code, { more, cause: failure });
  return hint === undefined ? error : errorWith(error, { hint });
}

function causeOf(endpoint: ExecEndpoint, { printed, said, end, stopped, failure, isBrought }: NoServer) {
  if (failure !== undefined) {
    const { code, message } = failure as NodeJS.ErrnoException;
    return {
      code: code === 'ENOENT' || code === 'EACCES' ? 'EXEC_NO_PROGRAM' : 'EXEC_FAILED',
      more: code === 'ENOENT' ? 'it is not installed, or not in PATH' : message,
    };
  }
  // kubectl's note of a pod with several containers is no failure.
  const own = said.replaceAll(/^Defaulted container ".*$/gm, '');
  const words = [own, printed].map((text) => text.trim()).find((text) => text !== '');
  const more = words === undefined ? undefined : `it printed ${quote(words.slice(0, maxQuoted))}`;
  if (stopped === 'too much') return { code: 'EXEC_NO_BANNER', more };
  // What a runtime says may come on stdout, with one of these codes.
  const isRuntime = end?.code === 126 || end?.code === 127;
  const known = codeOfMessage(isRuntime ? `${said}\n${printed}` : said, endpoint);
  // What it says then is not the manager's.
  if (isBrought && stopped !== 'late' && known !== 'EXEC_NO_PROCESS')
    return { code: 'EXEC_BRING_FAILED', more };
  const fix = known === 'EXEC_NO_RIGHTS' ? forPod(endpoint, 'ask for the right to create pods/exec') : {};
  if (known !== undefined) return { code: known, more, ...fix };
  if (stopped === 'late') return { code: 'EXEC_SILENT', more };
  const all = [end && howEnded(end), more].filter((part) => part !== undefined);
  return { code: 'EXEC_FAILED', more: all.join('; ') || undefined };
}

const maxQuoted = 300;

/** `more`: what is known besides; `hint`: a better fix than the table's. */
interface Cause {
  readonly code: string;
  readonly more?: string | undefined;
  readonly hint?: string | undefined;
}

async function inMachine(endpoint: ExecEndpoint, { env = process.env, signal, timeoutMs }: OpenOptions) {
  const asked = { env, signal, timeoutMs: Math.min(timeoutMs, maxMs), longest: 65536 };
  const end = await runProgram(askSshd(endpoint.command, 'why'), asked).catch(() => undefined);
  return end && !end.stopped ? readWhy(end, endpoint) : undefined;
}

/** How long one call of the program may take. Milliseconds. */
const maxMs = 10_000;

/** Reads what sshd.sh prints for "why". */
export function readWhy({ stdout, stderr, code }: ProgramResult, endpoint: ExecEndpoint): Cause | undefined {
  // Of a key that others can read it says in a frame.
  const [head = '', said = ''] = stdout.replaceAll(/^@[^\n]*\n|\r/gm, '').split(/^sshd -t$/m);
  const shown = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(head)?.[1]?.replaceAll(/["']/g, '');
  const sshd = shown('sshd');
  const known = codeOfMessage(stderr, endpoint);
  // The shell too has to start programs.
  if (sshd === undefined || known === 'EXEC_NO_PROCESS')
    return known === undefined ? undefined : { code: known, more: quoteStart(stderr) };
  const there = shellLine(endpoint.command);
  if (sshd === '')
    return {
      code: 'EXEC_NO_SSHD',
      ...forPod(endpoint, `vmssh ssh --bring-sshd ${targetHere} logs in without`),
    };
  if (code === 0) return undefined;
  // A machine without id shows none.
  const uid = shown('uid') || '0';
  const user = uid === '0' ? '' : `as its user ${uid}; `;
  const more = said.trim() === '' ? undefined : `${user}it says ${quoteStart(said)}`;
  if (/no hostkeys available/.test(said))
    return { code: 'EXEC_NO_KEYS', more, ...forPod(endpoint, `make them: ${there} ssh-keygen -A`) };
  if (/privilege separation directory/.test(said)) return { code: 'EXEC_NO_RUN_DIR', more };
  return { code: 'EXEC_BAD_SSHD', more, hint: `test its configuration: ${there} ${shellQuoted(sshd)} -t` };
}

/** A fix of its own: vmssh setup does not go into a pod, since what is put there goes with it, and no group gives a right in a cluster. */
function forPod({ command }: ExecEndpoint, hint: string) {
  return command[0] === 'kubectl' ? { hint } : {};
}

function quoteStart(text: string): string {
  return quote(text.trim().slice(0, maxQuoted));
}

/** The command that starts the machine's sshd, prints its settings, or finds out there why it does not start. */
export function askSshd(command: readonly string[], what: 'serve' | 'why' | 'keys') {
  return inShell(command, script, [what]);
}

export function inShell(command: readonly string[], script: string, args: readonly string[]) {
  const text = script.replaceAll(/^ *#.*\n/gm, '');
  // systemd replaces variables in a unit's command line: systemd.service(5).
  const own = (word: string) => (command[0] === 'systemd-run' ? word.replaceAll('$', '$$$$') : word);
  return [...command, ...['/bin/sh', '-c', text, 'sh', ...args].map(own)];
}

/** The code for what a program says, in English; undefined for anything unknown. */
function codeOfMessage(said: string, { into }: ExecEndpoint): string | undefined {
  const code = messages.find(({ says }) => says.test(said))?.code;
  return code === 'EXEC_NO_SHELL' && into !== 'shell' ? undefined : code;
}

/** What managers' programs and runtimes say. The first that matches is the cause. */
const messages: readonly { readonly code: string; readonly says: RegExp }[] = [
  { code: 'EXEC_NO_PROCESS', says: /resource temporarily unavailable|cannot fork|out of pids/i },
  { code: 'EXEC_NO_AGENT', says: /agent isn't currently running/i },
  {
    code: 'EXEC_NO_SHELL',
    says: /\/bin\/sh[`"']?:?[^\n]*(?:not found|no such file|permission denied)|^Error: Command not found$/im,
  },
  {
    code: 'EXEC_NOT_RUNNING',
    says: /(?:is not|isn't|isn't currently|not) running|container state improper|is paused|in a completed pod|not running \(phase|container not found \(|is frozen/i,
  },
  {
    code: 'EXEC_NO_MACHINE',
    says: /no such container|no container with|(?:instance|machine|project) not found|no machine '|\(NotFound\)|" not found|is not valid for pod /i,
  },
  {
    code: 'EXEC_NO_RIGHTS',
    says: /permission denied|access denied|\(Forbidden\)|not permitted|needed permissions|authentication required|must be logged in|unauthorized/i,
  },
  {
    code: 'EXEC_NO_SERVICE',
    says: /cannot connect|(?:failed|unable) to connect|connection refused|was refused|doesn't appear to be started|not accessible|host is down/i,
  },
];
