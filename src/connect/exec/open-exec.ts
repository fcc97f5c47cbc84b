import { now } from '../../clock.js';
import { ownEnv } from '../../discovery/own-env.js';
import { withToolFolders } from '../../discovery/tools/tool-folders.js';
import type { ExecEndpoint } from '../../endpoint.js';
import { ConnectError, quote } from '../../errors.js';
import type { AddonState } from '../../native.js';
import { endTree } from '../../process/end-tree.js';
import { endWithUs } from '../../process/end-with-us.js';
import { Carried } from '../carried.js';
import type { Connection } from '../connection.js';
import type { OpenOptions } from '../open-options.js';
import { firstOf } from './first-of.js';
import { inShell } from './in-shell.js';
import { type NoServer, whyNot } from './why-not.js';

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
  const command = endpoint.into === 'shell' ? inShell(endpoint, 'serve') : endpoint.command;
  const connection = new Carried(command, endpoint, native, {
    env: own,
    start: endWithUs,
    stderr: 'pipe',
    detached: true,
    stop: endTree,
  });
  const said = firstOf(connection.child.stderr, mostSaid);
  const abort = () => connection.close();
  signal?.addEventListener('abort', abort);
  try {
    signal?.throwIfAborted();
    const seen = await untilBanner(connection, deadline);
    if (seen.at !== undefined) {
      const noise = seen.at === 0 ? '' : `; it printed before: ${quote(seen.text.slice(0, mostQuoted))}`;
      connection.note = `, by ${endpoint.command[0]}${noise}`;
      return connection;
    }
    const end = seen.stopped ? undefined : await connection.endBy(Math.min(deadline, now() + graceMs));
    signal?.throwIfAborted();
    const words = seen.stopped ? said.text : await said.whole();
    const all = { printed: seen.text, said: words, end, stopped: seen.stopped };
    throw await whyNot(endpoint, all, { ...options, env: own });
  } catch (error) {
    connection.close();
    if (signal?.aborted) throw signal.reason;
    if (error instanceof ConnectError) throw error;
    throw await whyNot(endpoint, { printed: '', said: '', failure: error }, { ...options, env: own });
  } finally {
    // What it prints later is nobody's.
    said.stop();
    signal?.removeEventListener('abort', abort);
  }
}

/** The most that is read before a banner, in bytes, and of stderr. */
const mostPrinted = 65536;
const mostSaid = 65536;
const mostQuoted = 300;

/** Time to end once its output has ended. Milliseconds. */
const graceMs = 2000;

/** What came first; `at`: where the banner in it begins. */
interface Seen {
  readonly text: string;
  readonly at?: number | undefined;
  readonly stopped?: NoServer['stopped'];
}

async function untilBanner(connection: Connection, deadline: number): Promise<Seen> {
  for (let seen = 0; ; ) {
    const bytes = await connection.peek(seen, mostPrinted, Math.max(0, deadline - now()));
    // One character a byte.
    const text = Buffer.from(bytes).toString('latin1');
    const at = /^SSH-/m.exec(text)?.index;
    if (at !== undefined) return { text: text.slice(0, at), at };
    if (bytes.length >= mostPrinted) return { text, stopped: 'too much' };
    if (bytes.length === seen) return { text, stopped: now() < deadline ? undefined : 'late' };
    seen = bytes.length;
  }
}
