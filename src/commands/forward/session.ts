import { isIP } from 'node:net';
import type { Addon, Address, Handle } from 'node-hvsock-native';
import { ConnectError, quote } from '../../base/errors.js';
import { now } from '../../base/runtime.js';
import { UsageError } from '../../cli/command.js';
import { multiplexerOf } from '../../connect/multiplexer.js';
import { relayError } from '../../deliver/relay.js';
import { parseUnsigned32 } from '../../typed/numbers.js';
import { shellQuoted } from '../../typed/shell.js';
import type { ForwardedMachine } from './machine.js';

interface SessionEnd {
  /** Bytes to and from the machine; undefined if the relay did not end by itself. */
  readonly sent?: number;
  readonly received?: number;
  /** Both sides ended; the client closed; this program was stopped; or it failed. */
  readonly end: 'both' | 'client' | 'stopped' | 'failed';
  readonly error?: unknown;
}

export interface EndedSession extends SessionEnd {
  /** The client's address; undefined at a unix socket, or if it was gone at once. */
  readonly from?: { readonly host: string; readonly port: number };
  readonly ms: number;
}

/** Connects a client to the machine, and relays until both have ended. It closes the client. Never rejects. */
export async function session(
  addon: Addon,
  client: Handle,
  machine: ForwardedMachine,
  signal: AbortSignal,
): Promise<EndedSession> {
  const start = now();
  const peer = peerOf(addon, client);
  const from = peer?.family === 'inet' ? { host: peer.host, port: peer.port } : undefined;
  const ended = (how: SessionEnd) => ({ from, ms: Math.round(now() - start), ...how });
  try {
    const { sent, received, end } = await relayBoth(addon, client, machine, signal);
    return ended({ sent, received, end: end === 'output' ? 'client' : 'both' });
  } catch (error) {
    const end = signal.aborted ? 'stopped' : 'failed';
    return ended({ end, ...(end === 'failed' ? { error } : {}) });
  } finally {
    addon.close(client);
  }
}

async function relayBoth(addon: Addon, client: Handle, machine: ForwardedMachine, signal: AbortSignal) {
  const connection = await machine.connect(signal);
  const close = () => connection.close();
  signal.addEventListener('abort', close);
  try {
    signal.throwIfAborted();
    if (!connection.handle) throw new TypeError('the addon opened no socket');
    const moved = await addon.relaySockets(connection.handle, client, multiplexerOf(connection));
    if (moved.end !== 'output') await connection.confirmEnd?.();
    return moved;
  } catch (error) {
    if (error instanceof ConnectError || signal.aborted) throw error;
    const { code = 'UNKNOWN' } = error as { code?: string };
    throw relayError(await machine.find(), code, error);
  } finally {
    signal.removeEventListener('abort', close);
    connection.close();
  }
}

/** The other side's address; undefined for a connection that is gone already. */
export function peerOf(addon: Addon, handle: Handle): Address | undefined {
  try {
    return addon.socketAddress(handle, 1);
  } catch {
    return undefined;
  }
}

/** Why a client of a TCP port may not connect: only this user and root may, since root can be anybody. Undefined: it may. A unix socket's mode keeps others out. */
export function whyOther(
  addon: { readonly peerUser: Addon['peerUser'] },
  client: Handle,
  { family }: Local,
): string | undefined {
  if (family === 'unix') return undefined;
  try {
    const user = addon.peerUser(client);
    if (user === 0 || (user !== undefined && user === process.getuid?.())) return undefined;
    if (user !== undefined) return `user ${user} of this host`;
  } catch {}
  return 'the client ended, or the kernel does not show whose it is';
}

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
