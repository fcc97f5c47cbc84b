import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Endpoint } from '../endpoint.js';
import type { AddonState } from '../native.js';
import type { Start } from '../process/ending.js';
import type { Connection } from './connection.js';
import { NativeConnection } from './native-connection.js';
import { NodeConnection } from './node-connection.js';

export interface CarrierOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Who ends it when this process ends. */
  readonly start: Start;
  /** "inherit": it goes to our own stderr. */
  readonly stderr: 'inherit' | 'pipe';
  /** Whether it has its own process group, without a terminal. */
  readonly detached?: boolean | undefined;
}

/** A program that is a connection: what it reads and writes. */
export interface ConnectedProgram {
  readonly connection: Connection;
  readonly child: ChildProcess;
  /** Call it when the program has ended, or goes on without us. */
  readonly release: () => void;
}

/**
 * Starts a program whose stdin and stdout are the other end of a connection: with the addon one socket, which can be passed to
 * ssh, otherwise two of Node's. Throws if there are no sockets; "error" of the child: it could not be started.
 */
export function connectProgram(
  [program = '', ...args]: readonly string[],
  endpoint: Endpoint,
  { addon }: AddonState,
  { env, start, stderr, detached = false }: CarrierOptions,
): ConnectedProgram {
  if (!addon) {
    const { child, release } = start(() =>
      spawn(program, args, { env, detached, stdio: ['pipe', 'pipe', stderr] }),
    );
    const { stdin, stdout } = child;
    if (stdin && stdout) return { connection: new NodeConnection(endpoint, stdout, stdin), child, release };
    release();
    throw new Error(`${program}: it has no stdin and stdout`);
  }
  const { handle, descriptor } = addon.socketPair();
  try {
    const stdio = [descriptor, descriptor, stderr];
    const { child, release } = start(() => spawn(program, args, { env, detached, stdio }));
    return { connection: new NativeConnection(endpoint, handle, addon), child, release };
  } catch (error) {
    addon.close(handle);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
