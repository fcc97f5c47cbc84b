import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import type { Addon } from 'node-hvsock-native';
import { now } from '../../clock.js';
import type { ViaEndpoint, ViaSocket } from '../../endpoint.js';
import { ConnectError, isOp, quote } from '../../errors.js';
import { sshProgram } from '../../process/ssh-program.js';
import { explainFailure } from '../failures/failures.js';
import { askMultiplexer } from '../multiplexer.js';
import type { OpenOptions } from '../open-options.js';
import { type HopAnswer, readAnswer } from './answer.js';
import { Hop } from './hop.js';
import { hopCommand, hopOptions } from './hop-command.js';

/** How long a person may take at the hypervisor's questions, as sshd's own LoginGraceTime. Milliseconds. */
const patienceMs = 120_000;

/**
 * Opens a machine behind another hypervisor: the user's ssh logs in there, and the best tool there makes the last step, in
 * one round trip. Throws a ConnectError.
 */
export async function openVia(
  endpoint: ViaEndpoint,
  options: OpenOptions,
  addon: Addon,
  mayAsk: () => boolean = hasTerminal,
): Promise<Hop> {
  const { target, timeoutMs, signal, env = process.env } = options;
  const marker = `vmssh-${randomBytes(16).toString('hex')}`;
  const ssh = sshProgram({ env, platform: process.platform });
  const command = [
    ...ssh,
    ...hopOptions(timeoutMs),
    ...['--', endpoint.host, hopCommand(endpoint, marker, timeoutMs)],
  ];
  const deadline = now() + timeoutMs + (mayAsk() || env.SSH_ASKPASS ? patienceMs : 0);
  const hop = new Hop(command, endpoint, addon, env);
  const abort = () => hop.close();
  signal?.addEventListener('abort', abort);
  try {
    const answer = await readAnswer(hop, marker, deadline);
    if (answer.text === undefined) throw await unanswered(hop, answer.printed, deadline, target);
    await heed(answer, hop, options);
    return hop;
  } catch (error) {
    hop.close();
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** Whether the connection is open; a multiplexer that another tool than vmssh opened is asked for the port from here. */
async function heed(
  { text, printed }: HopAnswer,
  hop: Hop,
  { target, timeoutMs }: OpenOptions,
): Promise<void> {
  const [word = '', rest = ''] = cut(text);
  const { endpoint } = hop;
  const { host, at } = lastOf(endpoint);
  if (word === 'by') {
    const noise = printed === '' ? '' : `; it printed before: ${quote(printed.slice(0, mostQuoted))}`;
    hop.note = `, by ${rest} on ${host}${noise}`;
    if (rest !== 'vmssh' && at?.family === 'vsock-mux') {
      // socat and ncat pass on its end-of-file late or never, so silence does not mean that the port is open.
      const silentMs = rest === 'python3' ? undefined : timeoutMs;
      await askMultiplexer(hop, at.port, now() + timeoutMs, silentMs).catch((error) => {
        throw onHost(host, at, error.code, target, error);
      });
    }
    return;
  }
  if (word === 'errno' && at) throw onHost(host, at, rest, target);
  if (word === 'failed') throw failedThere(host, rest, target);
  throw failed(word === 'no-vmssh' ? 'HOP_NO_VMSSH' : 'HOP_NO_TOOL', { ...endpoint, host }, target);
}

/** The hop that the last step is made on. */
function lastOf({ host, at }: ViaEndpoint): { readonly host: string; readonly at: ViaSocket | undefined } {
  return at?.family === 'via' ? lastOf(at) : { host, at };
}

/** ssh ended, or the time is over, before there was an answer. */
async function unanswered(
  hop: Hop,
  printed: string,
  deadline: number,
  target: string,
): Promise<ConnectError> {
  const { endpoint } = hop;
  const said = printed === '' ? undefined : `it printed ${quote(printed.slice(0, mostQuoted))}`;
  if (now() >= deadline) {
    hop.close();
    return failed('HOP_SILENT', endpoint, target, said);
  }
  try {
    const { code, signal } = await hop.end;
    const how = signal ? `a signal ended it: ${signal}` : `exit code ${code}`;
    const more = said === undefined ? how : `${how}; ${said}`;
    return failed(code === 255 || signal ? 'HOP_FAILED' : 'HOP_NO_SHELL', endpoint, target, more);
  } catch (error) {
    return failed('NO_SSH', endpoint, target, (error as Error).message);
  }
}

const mostQuoted = 300;

function failed(code: string, endpoint: ViaEndpoint, target: string, more?: string): ConnectError {
  const { problem, hint } = explainFailure(endpoint, code);
  return new ConnectError('connect', target, {
    code,
    problem: more === undefined ? problem : `${problem}: ${more}`,
    hint,
  });
}

/** An errno of the socket on the hypervisor. */
function onHost(host: string, at: ViaSocket, code: string, target: string, cause?: unknown): ConnectError {
  const { problem, hint } = explainFailure(at, code);
  return new ConnectError('connect', target, {
    ...{ code, problem: `on ${host}, ${problem}`, cause },
    hint: hint && `on ${host}: ${hint}`,
  });
}

/** What the vmssh there reported. */
function failedThere(host: string, json: string, target: string): ConnectError {
  let report: Partial<Record<'op' | 'code' | 'problem' | 'hint', unknown>> = {};
  try {
    report = Object(JSON.parse(json));
  } catch {
    // An answer that was cut off.
  }
  const { op, code, problem, hint } = report;
  return new ConnectError(isOp(op) ? op : 'connect', target, {
    code: typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : 'UNKNOWN',
    problem: `on ${host}, ${typeof problem === 'string' ? problem : 'vmssh failed'}`,
    hint: typeof hint === 'string' ? `on ${host}: ${hint}` : undefined,
  });
}

function cut(text: string): readonly [string, string] {
  const at = text.indexOf(' ');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Whether ssh can ask its user something: then it needs the time for an answer. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
