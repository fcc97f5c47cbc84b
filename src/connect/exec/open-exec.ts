import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { now } from '../../clock.js';
import type { ExecEndpoint } from '../../endpoint.js';
import { ConnectError, quote } from '../../errors.js';
import type { AddonState } from '../../native.js';
import { endRest, endTree, endWithUs } from '../../process/ending.js';
import { ownEnv } from '../../sources/own-env.js';
import { withToolFolders } from '../../sources/own-folders.js';
import { Carried } from '../carried.js';
import type { Connection, OpenOptions } from '../connection.js';
import { askSshd, type NoServer, whyNot } from './why-not.js';

/**
 * Starts the program and waits for the beginning of an SSH banner, which stays unread: without one, what the program printed
 * shows the cause, and one more call of it what is missing in the machine. Throws a ConnectError.
 */
export async function openExec(
  endpoint: ExecEndpoint,
  options: OpenOptions,
  native: AddonState,
): Promise<Connection> {
  const { timeoutMs, signal, env = process.env } = options;
  const deadline = now() + timeoutMs;
  // Translated messages cannot be sorted.
  const own = { ...withToolFolders(ownEnv(env)), LC_ALL: 'C' };
  const bring = endpoint.into === 'shell' ? options.bring : undefined;
  const bringing = bring && (await import('./bring.js'));
  const asks = endpoint.into === 'shell' ? askSshd(endpoint, 'serve') : endpoint.command;
  const command = bring && bringing ? bringing.bringCommand(endpoint, bring) : asks;
  const connection = new Carried(command, endpoint, native, {
    env: own,
    start: endWithUs,
    stderr: 'pipe',
    detached: true,
    stop: endTree,
  });
  const said = firstOf(connection.child.stderr, maxSaid);
  let isWaiting = true;
  let isBrought = false;
  const abort = () => connection.close();
  signal?.addEventListener('abort', abort);
  try {
    signal?.throwIfAborted();
    const over = afterEnd(connection.child, () => isWaiting);
    let seen = await untilBanner(connection, deadline, over, bringing?.insteadOfBanner);
    if (bring && bringing && seen.line === bringing.hasServer) {
      connection.close();
      const left = { ...options, bring: undefined, timeoutMs: Math.max(1, deadline - now()) };
      return await openExec(endpoint, left, native);
    }
    isBrought = bring !== undefined && seen.line === bringing?.asksForServer;
    if (bring && bringing && isBrought) {
      const sent = bringing.sendServer(connection, endpoint, bring, deadline);
      const isSent = await sent.then(
        () => true,
        (error) => {
          if (error instanceof ConnectError) throw error;
          return false;
        },
      );
      const stopped = now() < deadline ? undefined : 'late';
      seen = isSent ? await untilBanner(connection, deadline, over) : { text: '', stopped };
    }
    if (seen.at !== undefined) {
      const noise = seen.at === 0 ? '' : `; it printed before: ${quote(seen.text.slice(0, maxQuoted))}`;
      const brought = isBrought ? ', with an sshd that was brought' : '';
      connection.note = `, by ${endpoint.command[0]}${brought}${noise}`;
      return connection;
    }
    const end = seen.stopped ? undefined : await connection.endBy(Math.min(deadline, now() + graceMs));
    signal?.throwIfAborted();
    const words = seen.stopped ? said.text : await said.whole();
    const all = { printed: seen.text, said: words, end, stopped: seen.stopped, isBrought };
    throw await whyNot(endpoint, all, { ...options, env: own });
  } catch (error) {
    connection.close();
    if (signal?.aborted) throw signal.reason;
    if (error instanceof ConnectError) throw error;
    throw await whyNot(endpoint, { printed: '', said: '', failure: error }, { ...options, env: own });
  } finally {
    isWaiting = false;
    // What it prints later is nobody's.
    said.stop();
    signal?.removeEventListener('abort', abort);
  }
}

/** The most that is read before a banner, in bytes, and of stderr. */
const maxPrinted = 65536;
const maxSaid = 65536;
const maxQuoted = 300;

/** Time to end once its output has ended. Milliseconds. */
const graceMs = 2000;

/** What came first; `at`: where the banner in it begins; `line`: what bring.sh says instead. */
interface Seen {
  readonly text: string;
  readonly at?: number;
  readonly line?: string;
  readonly stopped?: NoServer['stopped'];
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

/**
 * Resolves when the program has ended, and with it what it left running; what it printed can still be read then. A daemon of it, which
 * may hold its output open for ever, is not waited for.
 */
async function afterEnd(child: ChildProcess, isWaiting: () => boolean): Promise<void> {
  // One that could not be started ends the connection, too.
  const ended = await once(child, 'exit').catch(() => undefined);
  if (!ended || !isWaiting()) return new Promise(() => {});
  endRest(child);
  await delay(restMs);
}

/** Time to read what is still in its socket. Milliseconds. */
const restMs = 200;

/** What a stream begins with. */
export interface Beginning {
  /** What has come. */
  readonly text: string;
  /** Resolves to the text once the stream has ended, or after a short time: a process that was left running may hold it open. */
  whole(): Promise<string>;
  /** Closes the stream. */
  stop(): void;
}

/** Keeps what a stream begins with; after `most` characters the stream is closed. */
function firstOf(stream: Readable | null, most: number): Beginning {
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
    async whole() {
      await Promise.race([ended, delay(closeMs)]);
      return text;
    },
    stop: () => void stream?.destroy(),
  };
}

/** Time to close once it was asked for whole. Milliseconds. */
const closeMs = 200;
