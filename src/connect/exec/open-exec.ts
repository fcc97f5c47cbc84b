import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { isAbsolute } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ConnectError, quote } from '../../base/errors.js';
import type { AddonState } from '../../base/native.js';
import { type Env, now } from '../../base/runtime.js';
import { isProgram, programInPath } from '../../process/program-in-path.js';
import { endRest, endTree, endWithUs, startGuard } from '../../process/terminate.js';
import { ownEnv } from '../../sources/trusted-env.js';
import { withToolFolders } from '../../sources/trusted-path.js';
import type { ExecEndpoint } from '../../typed/route.js';
import { type Bring, type Connection, type OpenOptions, peekFor } from '../connection.js';
import { Carried } from '../program-connection.js';
import { askSshd, type NoServer, whyNot } from './why-not.js';

/** Starts the program and waits for an SSH banner, which stays unread. Throws a ConnectError with what was printed, or what the machine lacks. */
export async function openExec(
  endpoint: ExecEndpoint,
  options: OpenOptions,
  native: AddonState,
): Promise<Connection> {
  const { timeoutMs, signal, env = process.env } = options;
  const call: Call = {
    ...{ endpoint, native, signal, timeoutMs },
    // Translated messages cannot be sorted.
    env: { ...withToolFolders(ownEnv(env)), LC_ALL: 'C' },
    deadline: now() + timeoutMs,
  };
  return openOnce(call, endpoint.into === 'shell' ? options.bring : undefined);
}

interface Call extends Pick<OpenOptions, 'signal' | 'timeoutMs'> {
  readonly endpoint: ExecEndpoint;
  readonly native: AddonState;
  readonly env: Env;
  /** As `now` counts. */
  readonly deadline: number;
}

/** `bring`: but not into a machine that has a server. */
async function openOnce(call: Call, bring?: Bring): Promise<Connection> {
  const { endpoint, signal, deadline } = call;
  const { connection, release, send } = await start(call, bring);
  const said = firstOf(connection.child.stderr, maxPrinted);
  const waiting = new AbortController();
  const abort = () => connection.close();
  signal?.addEventListener('abort', abort);
  try {
    signal?.throwIfAborted();
    const over = afterEnd(connection.child, waiting.signal);
    const seen = await (send
      ? bannerOfBrought(connection, send, deadline, over)
      : untilBanner(connection, deadline, over));
    if (seen.at !== undefined) {
      connection.note = noteOf(endpoint, seen);
      return connection;
    }
    if (seen.hasServer) {
      connection.close();
      return openOnce(call);
    }
    const { text: printed, stopped } = seen;
    const end = stopped ? undefined : await connection.endBy(Math.min(deadline, now() + graceMs));
    signal?.throwIfAborted();
    const all = { ...seen, printed, end, said: stopped ? said.text : await said.whole() };
    throw await whyNot(endpoint, all, call);
  } catch (error) {
    connection.close();
    if (signal?.aborted) throw signal.reason;
    throw error instanceof ConnectError
      ? error
      : await whyNot(endpoint, { printed: '', said: '', failure: error }, call);
  } finally {
    waiting.abort();
    release();
    // What it prints later is nobody's.
    said.stop();
    signal?.removeEventListener('abort', abort);
  }
}

async function start({ endpoint, env, native }: Call, bring: Bring | undefined) {
  const how = { env, start: endWithUs, stderr: 'pipe', detached: true, stop: endTree } as const;
  if (!bring) {
    const command =
      endpoint.into === 'shell' ? asDaemon(askSshd(endpoint.command, 'serve'), env) : endpoint.command;
    return { connection: new Carried(command, endpoint, native, how), release() {}, send: undefined };
  }
  const { bringer } = await import('./bring.js');
  const { command, send } = bringer(endpoint, bring);
  // Some go on where their stdin is reset, and so would the machine's end, which waits for a server.
  const { watch, release } = startGuard('kill -s KILL -- "-$pid"');
  try {
    const connection = new Carried(command, endpoint, native, how);
    watch(connection.child);
    return { connection, release, send };
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * A manager without a service hands our audit login id on, in place of which the sshd there has to set that of its login (pam_loginuid). Without
 * CAP_AUDIT_CONTROL it may only set one that is unset: so root starts it as a daemon is started (https://git.kernel.org/linus/81407c84ace8).
 */
export function asDaemon(command: readonly string[], env: Env, uid = process.getuid?.()): readonly string[] {
  const [program = ''] = command;
  // One that is not there has an error of its own.
  if (uid !== 0 || !(isAbsolute(program) ? isProgram(program) : programInPath(program, env))) return command;
  const unset = '{ echo 4294967295 >/proc/self/loginuid; } 2>/dev/null';
  return ['/bin/sh', '-c', `${unset}; exec "$@"`, 'sh', ...command];
}

async function bannerOfBrought(
  connection: Connection,
  send: (connection: Connection, deadline: number) => Promise<void>,
  deadline: number,
  over: Promise<void>,
): Promise<Seen> {
  const { asksForServer, hasServer, insteadOfBanner } = await import('./bring.js');
  const seen = await untilBanner(connection, deadline, over, insteadOfBanner);
  if (seen.line !== asksForServer) return { ...seen, hasServer: seen.line === hasServer };
  try {
    await send(connection, deadline);
  } catch (error) {
    if (error instanceof ConnectError) throw error;
    return { text: '', stopped: now() < deadline ? undefined : 'late', isBrought: true };
  }
  return { ...(await untilBanner(connection, deadline, over)), isBrought: true };
}

function noteOf({ command: [program] }: ExecEndpoint, { text, isBrought }: Seen): string {
  const noise = text === '' ? '' : `; it printed before: ${quote(text.slice(0, 300))}`;
  return `, by ${program}${isBrought ? ', with an sshd that was brought' : ''}${noise}`;
}

/** The most that is read before a banner, in bytes, and of stderr. */
const maxPrinted = 65536;

/** Time to end once its output has ended. Milliseconds. */
const graceMs = 2000;

/** What came first; `at`: where the banner in it begins; `line`: what bring.sh says instead; then the server was sent, or is not needed. */
interface Seen {
  readonly text: string;
  readonly at?: number;
  readonly line?: string;
  readonly stopped?: NoServer['stopped'];
  readonly isBrought?: true;
  readonly hasServer?: boolean;
}

/** `over`: nothing is waited for any more. `orLine`: or until a line of bring.sh comes instead. */
async function untilBanner(
  connection: Connection,
  deadline: number,
  over: Promise<void>,
  orLine?: RegExp,
): Promise<Seen> {
  let text = '';
  const looked = peekFor(connection, maxPrinted, deadline, (all) => {
    text = all;
    const at = /^SSH-/m.exec(all)?.index;
    if (at !== undefined) return { text: all.slice(0, at), at };
    const line = orLine?.exec(all)?.[0];
    return line === undefined ? undefined : { text: '', line };
  });
  const seen = await Promise.race([looked, over]);
  if (!seen || seen.found) return seen?.found ?? { text };
  if (text.length >= maxPrinted) return { text, stopped: 'too much' };
  return { text, stopped: now() < deadline ? undefined : 'late' };
}

/** Resolves when the program and what it left running have ended, but for a daemon of it. What was printed can still be read then. */
async function afterEnd(child: ChildProcess, waiting: AbortSignal): Promise<void> {
  // One that could not be started ends the connection, too.
  const ended = await once(child, 'exit').catch(() => undefined);
  if (!ended || waiting.aborted) return new Promise(() => {});
  endRest(child);
  await delay(restMs);
}

/** Time to read what is still in its socket. Milliseconds. */
const restMs = 200;

/** Keeps what a stream begins with; after `most` characters the stream is closed, and by `stop`. */
function firstOf(stream: Readable | null, most: number) {
  let text = '';
  stream?.setEncoding('utf8');
  stream?.on('error', () => {});
  stream?.on('data', (part: string) => {
    text = (text + part).slice(0, most);
    if (text.length >= most) stream.destroy();
  });
  const ended = stream && once(stream, 'close').catch(() => {});
  return {
    get text() {
      return text;
    },
    /** The text once the stream has ended, or after a short time: a process that was left running may hold it open. */
    async whole() {
      await Promise.race([ended, delay(closeMs)]);
      return text;
    },
    stop: () => void stream?.destroy(),
  };
}

/** Time to close once it was asked for whole. Milliseconds. */
const closeMs = 200;
