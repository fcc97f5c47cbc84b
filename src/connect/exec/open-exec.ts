import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { isAbsolute } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ConnectError, quote } from '../../errors.js';
import type { AddonState } from '../../native.js';
import { isProgram, programInPath } from '../../process/program-in-path.js';
import { endRest, endTree, endWithUs } from '../../process/terminate.js';
import { type Env, now } from '../../runtime.js';
import { ownEnv } from '../../sources/trusted-env.js';
import { withToolFolders } from '../../sources/trusted-path.js';
import type { ExecEndpoint } from '../../typed/route.js';
import type { Connection, OpenOptions } from '../connection.js';
import { Carried } from '../program-connection.js';
import { askSshd, type NoServer, whyNot } from './why-not.js';

/** Starts the program and waits for an SSH banner, which stays unread. Throws a ConnectError with what was printed, or what the machine lacks. */
export async function openExec(
  endpoint: ExecEndpoint,
  options: OpenOptions,
  native: AddonState,
): Promise<Connection> {
  const { timeoutMs, signal, env = process.env } = options;
  const deadline = now() + timeoutMs;
  // Translated messages cannot be sorted.
  const own = { ...withToolFolders(ownEnv(env)), LC_ALL: 'C' };
  const why = (seen: NoServer) => whyNot(endpoint, seen, { ...options, env: own });
  const bring = endpoint.into === 'shell' ? options.bring : undefined;
  const asks = endpoint.into === 'shell' ? asDaemon(askSshd(endpoint, 'serve'), own) : endpoint.command;
  const bringing = bring && (await import('./bring.js'));
  const command = bring && bringing ? bringing.bringCommand(endpoint, bring) : asks;
  const guard = bringing?.startGuard();
  const how = { env: own, start: endWithUs, stderr: 'pipe', detached: true, stop: endTree } as const;
  let connection: Carried<ExecEndpoint>;
  try {
    connection = new Carried(command, endpoint, native, how);
  } catch (error) {
    guard?.release();
    throw error;
  }
  guard?.watch(connection.child);
  const said = firstOf(connection.child.stderr, maxPrinted);
  const waiting = new AbortController();
  const abort = () => connection.close();
  signal?.addEventListener('abort', abort);
  try {
    signal?.throwIfAborted();
    const over = afterEnd(connection.child, waiting.signal);
    const seen = await (bring
      ? bannerOfBrought(connection, endpoint, bring, deadline, over)
      : untilBanner(connection, deadline, over));
    if (seen.at !== undefined) {
      connection.note = noteOf(endpoint, seen);
      return connection;
    }
    if (!seen.hasServer) {
      const end = seen.stopped ? undefined : await connection.endBy(Math.min(deadline, now() + graceMs));
      signal?.throwIfAborted();
      throw await why({
        ...seen,
        printed: seen.text,
        said: seen.stopped ? said.text : await said.whole(),
        end,
      });
    }
  } catch (error) {
    connection.close();
    if (signal?.aborted) throw signal.reason;
    throw error instanceof ConnectError ? error : await why({ printed: '', said: '', failure: error });
  } finally {
    waiting.abort();
    guard?.release();
    // What it prints later is nobody's.
    said.stop();
    signal?.removeEventListener('abort', abort);
  }
  connection.close();
  const left = { ...options, bring: undefined, timeoutMs: Math.max(1, deadline - now()) };
  return openExec(endpoint, left, native);
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

/** What comes of a program that is sent a server, unless the machine has one. */
async function bannerOfBrought(
  connection: Connection,
  endpoint: ExecEndpoint,
  bring: NonNullable<OpenOptions['bring']>,
  deadline: number,
  over: Promise<void>,
): Promise<Seen> {
  const { asksForServer, hasServer, insteadOfBanner, sendServer } = await import('./bring.js');
  const seen = await untilBanner(connection, deadline, over, insteadOfBanner);
  if (seen.line !== asksForServer) return { ...seen, hasServer: seen.line === hasServer };
  try {
    await sendServer(connection, endpoint, bring, deadline);
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
  for (let seen = 0; ; ) {
    const more = connection.peek(seen, maxPrinted, Math.max(0, deadline - now()));
    const bytes = await Promise.race([more, over]);
    if (!bytes) return { text };
    // One character a byte.
    text = Buffer.from(bytes).toString('latin1');
    const at = /^SSH-/m.exec(text)?.index;
    if (at !== undefined) return { text: text.slice(0, at), at };
    const line = orLine?.exec(text)?.[0];
    if (line !== undefined) return { text: '', line };
    if (bytes.length >= maxPrinted) return { text, stopped: 'too much' };
    if (bytes.length === seen) return { text, stopped: now() < deadline ? undefined : 'late' };
    seen = bytes.length;
  }
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
