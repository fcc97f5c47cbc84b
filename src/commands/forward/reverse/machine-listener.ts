import type { Handle } from 'node-hvsock-native';

/** A listener for one machine. */
export interface MachineListener {
  readonly handle: Handle;
  /** The port of vsock, or the path of the multiplexer's socket. */
  readonly at: { readonly port: number } | { readonly path: string };
  /** Why a client is turned away; undefined: it is the machine. */
  refuse(client: Handle): Promise<string | undefined>;
  close(): void;
}

/** Connections that may wait to be accepted. */
export const backlog = 128;
