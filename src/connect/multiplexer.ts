import { quote } from '../base/errors.js';
import { now } from '../base/runtime.js';
import type { Endpoint } from '../typed/route.js';
import { type Connection, dropPeeked } from './connection.js';

/** Some multiplexers send no OK: after this time systemd-ssh-proxy passes the socket on, and so do we. Milliseconds. */
const silentMs = 5000;

/** What is said of a multiplexer that gave no answer. */
export const hangsOrBoots = 'the machine takes no connection: it hangs, or boots';

/** "OK 4294967295\r\n" */
const maxReply = 15;

/**
 * Asks for a port and reads no byte after "OK NUMBER". Resolves to whether an answer came: most multiplexers give none while the machine takes no
 * connection. Rejects with EOF (nothing listens), PROTOCOL, ETIMEDOUT, or the write's code.
 */
export async function askMultiplexer(
  connection: Connection,
  port: number,
  deadline: number,
  silent = silentMs,
): Promise<boolean> {
  await connection.write(Buffer.from(`CONNECT ${port}\n`));
  const silentBy = now() + silent;
  const until = Math.min(deadline, silentBy);
  for (let seen = 0; ; ) {
    const bytes = await connection.peek(seen, maxReply, Math.max(0, until - now()));
    const reply = readReply(bytes);
    if (typeof reply === 'number') await dropPeeked(connection, reply);
    if (typeof reply === 'number' || reply === 'ssh') return true;
    if (reply === 'garbage')
      throw failure('PROTOCOL', `it answered ${quote(Buffer.from(bytes).toString('latin1'))}`);
    if (bytes.length === seen) {
      if (now() < until) throw failure('EOF', 'it closed the connection');
      if (bytes.length === 0 && silentBy < deadline) return false;
      throw failure('ETIMEDOUT', 'no answer in time');
    }
    seen = bytes.length;
  }
}

/** The path of the multiplexer that the connection's own socket is connected to, if it is one. */
export function multiplexerOf({ endpoint }: { readonly endpoint: Endpoint }): string | undefined {
  return endpoint.family === 'vsock-mux' ? endpoint.path : undefined;
}

/** The kind of a multiplexer's first bytes: the length of its OK line, too few yet, an SSH banner, or neither. */
export function readReply(bytes: Uint8Array): number | 'more' | 'ssh' | 'garbage' {
  const text = Buffer.from(bytes).toString('latin1');
  const line = /^OK \d{1,10}\r?\n/.exec(text);
  if (line) return line[0].length;
  if (text.startsWith('SSH-')) return 'ssh';
  if ('SSH-'.startsWith(text) || /^O(?:K(?: (?:\d{1,10}\r?)?)?)?$/.test(text)) return 'more';
  return 'garbage';
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
