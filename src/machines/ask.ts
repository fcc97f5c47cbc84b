import { randomBytes } from 'node:crypto';
import { quietHop, scriptCommand } from '../connect/via/hop-command.js';
import { ConnectError, printable } from '../errors.js';
import type { Io } from '../process/io.js';
import { type ProgramEnd, runProgram } from '../process/run-program.js';
import { sshProgram } from '../process/ssh-program.js';
import type { ListedMachine } from '../sources/merge.js';
import type { Warning } from '../sources/provider.js';
import { fewAtATime } from '../sources/tools/few-at-a-time.js';
import { answered } from './answer.js';
import script from './list-there.sh';

/** How many hypervisors are asked at once: each is an ssh. */
const atOnce = 32;

/** Asks hypervisors side by side. `onAnswer` gets each one's answer as it comes; the result is in the order of `hosts`. */
export function askAll(
  hosts: readonly string[],
  io: Pick<Io, 'env' | 'platform'>,
  options: AskOptions = {},
  onAnswer: (listing: HostListing) => void = () => {},
): Promise<readonly HostListing[]> {
  const ask = async (host: string) => {
    const listing = await askHost(host, io, options);
    onAnswer(listing);
    return listing;
  };
  return fewAtATime(hosts, atOnce, ask, options.signal);
}

export interface HostListing {
  readonly host: string;
  readonly machines: readonly ListedMachine[];
  readonly warnings: readonly Warning[];
  /** Why there is no answer. */
  readonly error?: ConnectError;
}

/** For the login and the list there. Milliseconds. */
const limitMs = 20_000;
const connectMs = 10_000;
/** Of its answer. */
const maxCharacters = 8 << 20;

/** The machines of a hypervisor, by the vmssh there, in one login that asks nothing. Rejects only if `signal` is aborted. */
async function askHost(
  host: string,
  { env, platform }: Pick<Io, 'env' | 'platform'>,
  { args = [], signal, timeoutMs = limitMs }: AskOptions = {},
): Promise<HostListing> {
  const marker = `vmssh-${randomBytes(16).toString('hex')}`;
  const ssh = sshProgram({ env, platform });
  const command = quietHop(
    ssh,
    host,
    Math.min(connectMs, timeoutMs),
    scriptCommand(script, [marker, ...args]),
  );
  try {
    const end = await runProgram(command, { env, signal, timeoutMs, longest: maxCharacters });
    signal?.throwIfAborted();
    return { host, ...outcome(host, end, marker) };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof ConnectError)) throw error;
    return { host, machines: [], warnings: [], error };
  }
}

interface AskOptions {
  /** Options of vmssh list. */
  readonly args?: readonly string[];
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

function outcome(host: string, end: ProgramEnd, marker: string): Omit<HostListing, 'host' | 'error'> {
  const at = end.stdout.indexOf(`${marker}\n`);
  const fail = (code: string, problem: string, hint?: string) =>
    new ConnectError('connect', host, { code, problem, hint });
  if (end.stopped === 'timeout') throw fail('HOP_SILENT', 'it did not answer in time', `ssh -v ${host} true`);
  if (end.stopped) throw fail('PROTOCOL', `it printed more than ${maxCharacters >> 20} MiB`);
  const itself = `it must work without vmssh and without a question: ssh ${host} true`;
  if (at < 0) throw fail('HOP_FAILED', lastWords(end), itself);
  if (end.code === 127) throw fail('HOP_NO_VMSSH', 'it has no vmssh', `scp vmssh ${host}:.local/bin/`);
  return answered(host, end.stdout.slice(at + marker.length + 1), fail);
}

function lastWords({ stderr, code, signal }: ProgramEnd): string {
  const said = stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  return printable(said.trim()) || `ssh ended with ${signal ?? `exit code ${code}`}`;
}
