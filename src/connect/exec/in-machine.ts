import { shellLine, shellQuoted } from '../../address/shell.js';
import type { ExecEndpoint } from '../../endpoint.js';
import { quote } from '../../errors.js';
import { abortSignalOf } from '../../interruption.js';
import { type ProgramEnd, runProgram } from '../../process/run-program.js';
import type { OpenOptions } from '../open-options.js';
import { inShell } from './in-shell.js';
import { installLine } from './install-line.js';
import { codeOfMessage } from './messages.js';

/** A code of the table of exec failures, what is known besides, and a better fix than the table's. */
export interface Cause {
  readonly code: string;
  readonly more?: string | undefined;
  readonly hint?: string | undefined;
}

/** What a machine misses to start sshd; undefined if nothing is found. */
export async function inMachine(
  endpoint: ExecEndpoint,
  { env = process.env, signal, timeoutMs }: Pick<OpenOptions, 'env' | 'signal' | 'timeoutMs'>,
): Promise<Cause | undefined> {
  const limits = { timeoutMs: Math.min(timeoutMs, longestMs), longest: 65536 };
  const asked = { env, signal: signal && abortSignalOf(signal), ...limits };
  const end = await runProgram(inShell(endpoint, 'why'), asked).catch(() => undefined);
  return end && !end.stopped ? readWhy(end, endpoint) : undefined;
}

/** For one call of the program. Milliseconds. */
const longestMs = 10_000;

/** Reads what sshd.sh prints for "why". */
export function readWhy(
  { stdout, stderr, code }: Pick<ProgramEnd, 'stdout' | 'stderr' | 'code'>,
  endpoint: ExecEndpoint,
): Cause | undefined {
  const [head = '', said = ''] = stdout.split(/^sshd -t$/m);
  const shown = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(head)?.[1]?.replaceAll(/["']/g, '');
  const sshd = shown('sshd');
  const known = codeOfMessage(stderr, endpoint);
  // The shell too has to start programs.
  if (sshd === undefined || known === 'EXEC_NO_PROCESS')
    return known === undefined ? undefined : { code: known, more: quoted(stderr) };
  const there = shellLine(endpoint.command);
  if (sshd === '') {
    const line = installLine(`${shown('id') ?? ''} ${shown('like') ?? ''}`);
    return {
      code: 'EXEC_NO_SSHD',
      hint: line === undefined ? undefined : `install one: ${there} sh -c ${shellQuoted(line)}`,
    };
  }
  if (code === 0) return undefined;
  const uid = shown('uid');
  const user = uid === '0' ? '' : `as its user ${uid}; `;
  const more = said.trim() === '' ? undefined : `${user}it says ${quoted(said)}`;
  if (/no hostkeys available/.test(said)) return { code: 'EXEC_NO_KEYS', more };
  if (/privilege separation directory/.test(said)) return { code: 'EXEC_NO_RUN_DIR', more };
  return { code: 'EXEC_BAD_SSHD', more, hint: `test its configuration: ${there} ${shellQuoted(sshd)} -t` };
}

function quoted(text: string): string {
  return quote(text.trim().slice(0, mostQuoted));
}

const mostQuoted = 300;
