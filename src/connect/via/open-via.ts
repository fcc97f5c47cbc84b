import { randomBytes } from 'node:crypto';
import { closeSync, readFileSync, writeSync } from 'node:fs';
import { ConnectError, errorWith, isOp, quote } from '../../base/errors.js';
import type { AddonState } from '../../base/native.js';
import { type Env, now } from '../../base/runtime.js';
import { openUnnamed } from '../../process/run-detached.js';
import { sshAbilities, sshCommand, sshProgram, startProblem } from '../../process/ssh-program.js';
import { howEnded } from '../../process/terminate.js';
import { formatEndpoint, type ViaEndpoint, type ViaSocket } from '../../typed/route.js';
import { type Connection, dropPeeked, type OpenOptions, peekFor } from '../connection.js';
import { openFailure } from '../failures/failures.js';
import { askMultiplexer } from '../multiplexer.js';
import { ConfirmedCarried } from '../program-connection.js';
import {
  asksKeys,
  hopCommand,
  hopOptions,
  patience,
  settingsFor,
  sharedLogin,
  wasDropped,
  whileDropped,
} from './hop-command.js';
import { keyTexts } from './keys-there.js';
import { sharedSettings } from './shared-login.js';

/** The user's ssh logs in, and the best tool there, or ssh -W, connects; again if dropped. Throws a ConnectError. */
export async function openVia(
  endpoint: ViaEndpoint,
  options: OpenOptions,
  native: AddonState,
  hasTerminal?: () => boolean,
): Promise<Hop> {
  const { timeoutMs, signal, env = process.env } = options;
  const login = { ssh: sshProgram({ env, platform: process.platform }), host: endpoint.host };
  const attempt = async () => {
    const log = heldLog();
    try {
      const hop = await openOnce(endpoint, options, native, log.flags, hasTerminal);
      log.print();
      return { hop, isDropped: false };
    } catch (error) {
      const isFailed = error instanceof ConnectError && error.code === 'HOP_FAILED';
      if (isFailed && (await wasDropped(log.text(), () => settingsFor(login, env))))
        return { error: dropped(error, endpoint.host), isDropped: true };
      log.print();
      return { error, isDropped: false };
    } finally {
      log.close();
    }
  };
  const { hop, error } = await whileDropped(attempt, ({ isDropped }) => isDropped, timeoutMs, signal);
  if (hop) return hop;
  throw error;
}

function dropped(error: ConnectError, host: string): ConnectError {
  const hint = `raise MaxStartups of its sshd, or let all share one login, with ${sharedLogin(host)}`;
  const problem = `the sshd of ${host} drops the login, as when there are too many at once`;
  return errorWith(error, { problem, hint, final: false });
}

/** What an ssh says itself, until it is known whether its login is tried again. */
function heldLog() {
  try {
    const { read, write } = openUnnamed({});
    closeSync(read);
    const path = `/proc/${process.pid}/fd/${write}`;
    const text = () => readFileSync(path).toString();
    text();
    const print = () => void writeSync(2, Buffer.from(text()));
    return { flags: ['-E', path], text, print, close: () => closeSync(write) };
  } catch {
    return { flags: [], text: () => '', print() {}, close() {} };
  }
}

async function openOnce(
  endpoint: ViaEndpoint,
  options: OpenOptions,
  native: AddonState,
  logFlags: readonly string[],
  hasTerminal?: () => boolean,
): Promise<Hop> {
  const { timeoutMs, startMs, signal, hostKeys, env = process.env } = options;
  const marker = `vmssh-${randomBytes(16).toString('hex')}${hostKeys ? asksKeys : ''}`;
  const ssh = sshProgram({ env, platform: process.platform });
  const { flags: quiet, settings: own } = hopOptions(timeoutMs);
  const settings = [...own, ...sharedSettings(endpoint.host, env)];
  const flags = [...quiet, ...logFlags];
  const login = (more: { readonly command?: string; readonly flags?: readonly string[] }) =>
    new Hop(sshCommand({ ssh, flags, settings, host: endpoint.host, ...more }), endpoint, native, env);
  const deadline = now() + timeoutMs + (startMs ?? 0) + patience(env, hasTerminal);
  let hop = login({ command: hopCommand(endpoint, marker, timeoutMs, startMs) });
  const abort = () => hop.close();
  signal?.addEventListener('abort', abort);
  try {
    const answer = await answerAfterKeys(hop, marker, deadline, hostKeys);
    if (answer.text === undefined) throw await unanswered(hop, answer, deadline);
    const path = streamPath(endpoint, answer.text);
    if (path === undefined || !(await sshAbilities(env, ssh)).forwardsPaths) {
      await finishHop(answer, hop, options);
      return hop;
    }
    hop.close();
    hop = login({ flags: [...flags, '-W', path] });
    await awaitStream(hop, deadline);
    return hop;
  } catch (error) {
    hop.close();
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** Passes on the keys that come before the answer. The machine's bytes come after both. */
async function answerAfterKeys(hop: Hop, marker: string, until: number, hostKeys: OpenOptions['hostKeys']) {
  const answer = await readAnswer(hop, marker, until);
  const { text, printed } = answer;
  if (text === undefined || text === 'by vmssh') return answer;
  const [, said] = /^keys (.*)/.exec(text) ?? [];
  // Without a vmssh there nobody can say.
  const keys = said === undefined ? [] : keyTexts(said);
  if (keys) hostKeys?.(keys);
  return said === undefined ? answer : { ...(await readAnswer(hop, marker, until)), printed };
}

/** Whether the connection is open; a multiplexer that another tool than vmssh opened is asked for the port from here. */
async function finishHop({ text = '', printed }: HopAnswer, hop: Hop, { timeoutMs }: OpenOptions) {
  const [, word = '', rest = ''] = /^([^ ]*) ?(.*)$/s.exec(text) ?? [];
  const { endpoint } = hop;
  const { host, at } = lastOf(endpoint);
  if (word === 'by') {
    const noise = printed === '' ? '' : `; it printed before: ${quote(printed.slice(0, maxQuoted))}`;
    hop.note = `, by ${rest} on ${host}${noise}`;
    if (rest !== 'vmssh' && at?.family === 'vsock-mux') {
      // socat and ncat pass on its end-of-file late or never, so silence does not mean that the port is open.
      const silentMs = rest === 'python3' ? undefined : timeoutMs;
      const asked = askMultiplexer(hop, at.port, now() + timeoutMs, silentMs);
      hop.isUnanswered = !(await asked.catch((error) => {
        throw onHost(host, at, error.code, error);
      }));
    }
    return;
  }
  if (word === 'errno' && at) throw onHost(host, at, rest);
  if (word === 'failed') throw remoteFailure(endpoint, host, rest);
  throw hopFailure(word === 'no-vmssh' ? 'HOP_NO_VMSSH' : 'HOP_NO_TOOL', { ...endpoint, host });
}

function lastOf({ host, at }: ViaEndpoint): { readonly host: string; readonly at: ViaSocket | undefined } {
  return at?.family === 'via' ? lastOf(at) : { host, at };
}

async function unanswered(hop: Hop, { printed, isTooMuch }: HopAnswer, deadline: number) {
  const { endpoint } = hop;
  const first = quote(printed.slice(0, maxQuoted));
  if (isTooMuch) return hopFailure('HOP_NO_SHELL', endpoint, `it printed too much, beginning with ${first}`);
  const said = printed === '' ? undefined : `it printed ${first}`;
  try {
    const end = await hop.endBy(deadline);
    if (!end) return hopFailure('HOP_SILENT', endpoint, said);
    const more = said === undefined ? howEnded(end) : `${howEnded(end)}; ${said}`;
    return hopFailure(end.code === 255 || end.signal ? 'HOP_FAILED' : 'HOP_NO_SHELL', endpoint, more);
  } catch (error) {
    return hopFailure('NO_SSH', endpoint, startProblem(error as NodeJS.ErrnoException));
  }
}

const maxQuoted = 300;

/** A server that waits for its client is connected after this time without an error. Milliseconds. */
const silentMs = 5000;

/** The unix socket for `ssh -W`, on a hypervisor without a tool; undefined if more than a path is needed. */
function streamPath({ at }: ViaEndpoint, answer: string): string | undefined {
  const [word, reading] = answer.split(' ');
  if (word !== 'no-tool' || !at || !('path' in at)) return undefined;
  return reading === 'other' ? at.otherPath : at.path;
}

/** Waits until an `ssh -W` has the machine's socket, as far as that can be seen. Throws a ConnectError. */
async function awaitStream(hop: Hop, deadline: number): Promise<void> {
  const { host, at } = hop.endpoint;
  hop.note = `, by ssh -W to ${host}`;
  const refuseFailure = async () => {
    const end = await hop.endBy(deadline);
    // One that goes on has only closed its side.
    if (!end || end.code === 0) return;
    throw hopFailure('HOP_NO_STREAM', hop.endpoint, howEnded(end));
  };
  if (at?.family === 'vsock-mux') {
    // The login comes first: silence does not mean that the port is open.
    await askMultiplexer(hop, at.port, deadline, deadline - now()).catch(async (error) => {
      // Also if ssh had ended before it was asked.
      if (['EOF', 'EPIPE', 'ECONNRESET'].includes(error.code)) await refuseFailure();
      throw onHost(host, at, error.code, error);
    });
    return;
  }
  const until = Math.min(deadline, now() + silentMs);
  const first = await hop.peek(0, 1, Math.max(0, until - now()));
  if (first.length === 0 && now() < until) await refuseFailure();
}

export class Hop extends ConfirmedCarried<ViaEndpoint> {
  constructor(command: readonly string[], endpoint: ViaEndpoint, native: AddonState, env: Env) {
    super(command, endpoint, native, { env, stderr: 'inherit' }, (end) =>
      Object.assign(new Error(`ssh ${endpoint.host}: ${howEnded(end)}`), { code: 'HOP_LOST' }),
    );
  }
}

export interface HopAnswer {
  /** "by socat", "errno ENOENT", "no-tool", "failed {…}"; before these "keys {…}". Undefined: it gave no answer. */
  readonly text?: string;
  /** What it printed on its own before: a message of the day, an echo of .bashrc. */
  readonly printed: string;
  readonly isTooMuch?: boolean;
}

/** The most that is read before the answer, and the answer's own limit, in bytes: it may be 16 kB of keys. */
const maxPrinted = 49_152;
const maxAnswer = 20_480;

/** Reads up to the marker's line, and no byte more. At end-of-file, after `deadline` (of `now`) or too much else: what was printed. */
export async function readAnswer(
  connection: Connection,
  marker: string,
  deadline: number,
): Promise<HopAnswer> {
  const most = maxPrinted + maxAnswer;
  const { text, found } = await peekFor(connection, most, deadline, (all) => {
    const start = all.indexOf(`${marker} `);
    const end = start < 0 ? -1 : all.indexOf('\n', start);
    return end < 0 ? undefined : { start, end };
  });
  if (!found) return { printed: utf8(text), isTooMuch: text.length >= most };
  const { start, end } = found;
  await dropPeeked(connection, end + 1);
  return { text: utf8(text.slice(start + marker.length + 1, end)), printed: utf8(text.slice(0, start)) };
}

/** Decodes a text that has one character for each byte. */
function utf8(text: string): string {
  return Buffer.from(text, 'latin1').toString().trim();
}

export function hopFailure(code: string, endpoint: ViaEndpoint, more?: string): ConnectError {
  return openFailure(endpoint, code, { more });
}

export function onHost(host: string, at: ViaSocket, code: string, cause?: unknown): ConnectError {
  const error = openFailure(at, code);
  const { problem, hint } = error;
  return errorWith(error, { problem: `on ${host}, ${problem}`, hint: hint && `on ${host}: ${hint}`, cause });
}

export function remoteFailure(endpoint: ViaEndpoint, host: string, json: string): ConnectError {
  let report: Partial<Record<'op' | 'code' | 'problem' | 'hint' | 'final', unknown>> = {};
  try {
    report = Object(JSON.parse(json));
  } catch {
    // An answer that was cut off.
  }
  const { op, code, problem, hint, final } = report;
  return new ConnectError(isOp(op) ? op : 'connect', formatEndpoint(endpoint), {
    code: typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : 'UNKNOWN',
    problem: `on ${host}, ${typeof problem === 'string' ? problem : 'vmssh failed'}`,
    hint: typeof hint === 'string' ? `on ${host}: ${hint}` : undefined,
    final: final === true,
  });
}
