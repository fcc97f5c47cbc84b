import { isIP } from 'node:net';
import { UsageError } from '../../cli/command.js';
import { quote } from '../../errors.js';
import { parseUnsigned32 } from '../../target/numbers.js';
import { shellQuoted } from '../../target/shell.js';

/** Where a forward listens. */
export type Local =
  | { readonly family: 'inet'; readonly host: string; readonly port: number }
  | { readonly family: 'unix'; readonly path: string };

/** "8080", "127.0.0.1:8080", "[::1]:8080" or a path with a slash; port 0 is any free one. Throws a UsageError. */
export function parseLocal(text: string): Local {
  if (text.includes('/')) return { family: 'unix', path: text };
  const [, six, four, port = ''] = /^(?:\[([^\]]*)\]:|([^:]*):)?([^:]*)$/.exec(text) ?? [];
  const host = six ?? (four === 'localhost' ? loopback : (four ?? loopback));
  const number = parseUnsigned32(port);
  if (number !== undefined && number <= 65535 && isIP(host) === (six === undefined ? 4 : 6))
    return { family: 'inet', host, port: number };
  throw new UsageError(
    `expected a TCP port from 0 to 65535, ADDRESS:PORT, [::1]:PORT or a path with a slash, got ${quote(text)}`,
    text.endsWith('.sock') ? `vmssh forward NAME PORT ${shellQuoted(`./${text}`)}` : undefined,
  );
}

/** What --reverse connects a machine to: only a program of this host. Throws a UsageError. */
export function parseService(text: string): Local {
  if (/^[\\/]{2}[.?][\\/]pipe[\\/]/i.test(text))
    throw new UsageError(
      `--reverse connects a machine to a unix socket or a port of 127.0.0.1, not to the named pipe ${quote(text)}`,
      'for the ssh-agent of Windows: ssh -A',
    );
  if (/^[a-z]:\\/i.test(text))
    throw new UsageError(
      `expected a path with slashes, got ${quote(text)}`,
      `write ${text.replaceAll('\\', '/')}`,
    );
  const local = parseLocal(text);
  if (isPrivate(local) && (local.family === 'unix' || local.port > 0)) return local;
  throw new UsageError(
    `--reverse connects a machine to a unix socket or a port of 127.0.0.1, not ${quote(text)}`,
    'vmssh forward --reverse NAME 5000 "$SSH_AUTH_SOCK"',
  );
}

/** The same port number on the loopback address. Throws a UsageError if TCP has no such port. */
export function sameLocal(port: number): Local {
  if (port > 0 && port <= 65535) return { family: 'inet', host: loopback, port };
  throw new UsageError(
    `there is no TCP port ${port} to forward the machine's port ${port} to`,
    `name another one: vmssh forward NAME ${port} 8080, or 0 for any free one`,
  );
}

export function formatLocal(local: Local): string {
  if (local.family === 'unix') return local.path;
  return `${local.host.includes(':') ? `[${local.host}]` : local.host}:${local.port}`;
}

/** Whether only programs of this host can reach it. */
export function isPrivate(local: Local): boolean {
  return local.family === 'unix' || /^(127\.|::1$|::ffff:127\.)/i.test(local.host);
}

const loopback = '127.0.0.1';
