import type { Addon, Address, Handle, RelayResult } from 'node-hvsock-native';
import { now as clock } from '../../clock.js';
import { multiplexerOf } from '../../connect/multiplexer.js';
import { relayError } from '../../deliver/relay.js';
import { ConnectError } from '../../errors.js';
import type { ForwardedMachine } from './machine.js';

export interface EndedSession {
  /** The client's address; undefined at a unix socket, or if it was gone at once. */
  readonly from?: TcpEnd;
  readonly ms: number;
  /** Bytes to and from the machine; undefined if the relay did not end by itself. */
  readonly sent?: number;
  readonly received?: number;
  /** Both sides ended; the client closed; this program was stopped; or why it failed. */
  readonly end: 'both' | 'client' | 'stopped' | 'failed';
  readonly error?: unknown;
}

/** Connects a client to the machine, and relays until both have ended. It closes the client. Never rejects. */
export async function session(
  addon: Addon,
  client: Handle,
  machine: ForwardedMachine,
  signal: AbortSignal,
  now = clock,
): Promise<EndedSession> {
  const start = now();
  const from = tcpEnd(addon, client, 1);
  const ended = (how: Omit<EndedSession, 'from' | 'ms'>) => ({ from, ms: Math.round(now() - start), ...how });
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

async function relayBoth(
  addon: Addon,
  client: Handle,
  machine: ForwardedMachine,
  signal: AbortSignal,
): Promise<RelayResult> {
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

/** The address of one end of a TCP connection. */
export interface TcpEnd {
  readonly host: string;
  readonly port: number;
}

/** This side's own address (0), or the peer's (1); undefined for other sockets, and for a connection that is gone already. */
export function tcpEnd(addon: Addon, handle: Handle, end: 0 | 1): TcpEnd | undefined {
  const address = endOf(addon, handle, end);
  return address?.family === 'inet' ? { host: address.host, port: address.port } : undefined;
}

/** The same of any socket. */
export function endOf(addon: Addon, handle: Handle, end: 0 | 1): Address | undefined {
  try {
    return addon.socketAddress(handle, end);
  } catch {
    return undefined;
  }
}
