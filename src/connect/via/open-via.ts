import { randomBytes } from 'node:crypto';
import { now } from '../../clock.js';
import type { ViaEndpoint, ViaSocket } from '../../endpoint.js';
import { type ConnectError, quote } from '../../errors.js';
import type { AddonState } from '../../native.js';
import { sshAbilities, sshCommand, sshProgram } from '../../process/ssh-program.js';
import { howEnded } from '../../process/terminate.js';
import type { Env } from '../../runtime.js';
import type { OpenOptions } from '../connection.js';
import { askMultiplexer } from '../multiplexer.js';
import { ConfirmedCarried } from '../program-connection.js';
import { type HopAnswer, hopFailure, type NoAnswer, onHost, readAnswer, remoteFailure } from './answer.js';
import { hopCommand, hopOptions, patience } from './hop-command.js';

/** Opens a machine behind another hypervisor: the user's ssh logs in there, and the best tool there, or ssh -W, connects. Throws a ConnectError. */
export async function openVia(
  endpoint: ViaEndpoint,
  options: OpenOptions,
  native: AddonState,
  hasTerminal?: () => boolean,
): Promise<Hop> {
  const { timeoutMs, startMs, signal, env = process.env } = options;
  const marker = `vmssh-${randomBytes(16).toString('hex')}`;
  const ssh = sshProgram({ env, platform: process.platform });
  const { flags, settings } = hopOptions(timeoutMs);
  const login = (own: { readonly command?: string; readonly flags?: readonly string[] }) =>
    new Hop(sshCommand({ ssh, flags, settings, host: endpoint.host, ...own }), endpoint, native, env);
  const deadline = now() + timeoutMs + (startMs ?? 0) + patience(env, hasTerminal);
  let hop = login({ command: hopCommand(endpoint, marker, timeoutMs, startMs) });
  const abort = () => hop.close();
  signal?.addEventListener('abort', abort);
  try {
    const answer = await readAnswer(hop, marker, deadline);
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

/** Whether the connection is open; a multiplexer that another tool than vmssh opened is asked for the port from here. */
async function finishHop({ text, printed }: HopAnswer, hop: Hop, { timeoutMs }: OpenOptions): Promise<void> {
  const [, word = '', rest = ''] = /^([^ ]*) ?(.*)$/s.exec(text) ?? [];
  const { endpoint } = hop;
  const { host, at } = lastOf(endpoint);
  if (word === 'by') {
    const noise = printed === '' ? '' : `; it printed before: ${quote(printed.slice(0, maxQuoted))}`;
    hop.note = `, by ${rest} on ${host}${noise}`;
    if (rest !== 'vmssh' && at?.family === 'vsock-mux') {
      // socat and ncat pass on its end-of-file late or never, so silence does not mean that the port is open.
      const silentMs = rest === 'python3' ? undefined : timeoutMs;
      await askMultiplexer(hop, at.port, now() + timeoutMs, silentMs).catch((error) => {
        throw onHost(host, at, error.code, error);
      });
    }
    return;
  }
  if (word === 'errno' && at) throw onHost(host, at, rest);
  if (word === 'failed') throw remoteFailure(endpoint, host, rest);
  throw hopFailure(word === 'no-vmssh' ? 'HOP_NO_VMSSH' : 'HOP_NO_TOOL', { ...endpoint, host });
}

/** The hop that the last step is made on. */
function lastOf({ host, at }: ViaEndpoint): { readonly host: string; readonly at: ViaSocket | undefined } {
  return at?.family === 'via' ? lastOf(at) : { host, at };
}

/** ssh ended, printed too much, or the time is over, before there was an answer. */
async function unanswered(
  hop: Hop,
  { printed, isTooMuch }: NoAnswer,
  deadline: number,
): Promise<ConnectError> {
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
    return hopFailure('NO_SSH', endpoint, (error as Error).message);
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
    return askMultiplexer(hop, at.port, deadline, deadline - now()).catch(async (error) => {
      // Also if ssh had ended before it was asked.
      if (['EOF', 'EPIPE', 'ECONNRESET'].includes(error.code)) await refuseFailure();
      throw onHost(host, at, error.code, error);
    });
  }
  const until = Math.min(deadline, now() + silentMs);
  const first = await hop.peek(0, 1, Math.max(0, until - now()));
  if (first.length === 0 && now() < until) await refuseFailure();
}

/** A connection that an ssh carries, whose stderr is ours. */
export class Hop extends ConfirmedCarried<ViaEndpoint> {
  constructor(command: readonly string[], endpoint: ViaEndpoint, native: AddonState, env: Env) {
    super(command, endpoint, native, { env, stderr: 'inherit' }, (end) =>
      Object.assign(new Error(`ssh ${endpoint.host}: ${howEnded(end)}`), { code: 'HOP_LOST' }),
    );
  }
}
