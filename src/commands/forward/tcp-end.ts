import type { Addon, Address, Handle } from 'node-hvsock-native';

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
