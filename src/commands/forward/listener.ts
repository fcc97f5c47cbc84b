import { lstatSync, rmSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { Addon, Address, Handle } from 'node-hvsock-native';
import { type ConnectErrorInit, quote } from '../../base/errors.js';
import { CommandError, UsageError } from '../../cli/command.js';
import { exhaustion } from '../../connect/failures/failure.js';
import { parseUnsigned32 } from '../../typed/numbers.js';
import { shellQuoted } from '../../typed/shell.js';
import { formatLocal, type Local, peerOf } from './session.js';

export interface Listener {
  readonly handle: Handle;
  /** With the port that it has. */
  readonly local: Local;
  /** Stops listening here, and removes a unix socket unless systemd made it. */
  close(): void;
}

/** Connections that may wait to be accepted: as many as the kernel allows (net.core.somaxconn). */
const backlog = 65_535;

/** Throws a UsageError or a CommandError. */
export async function openListener(
  local: Local,
  addon: Addon,
  { platform }: { readonly platform: NodeJS.Platform },
  free = 'name another port, or 0 for any free one',
): Promise<Listener> {
  if (local.family === 'unix') {
    // Windows has no mode that keeps other users out.
    if (platform === 'win32')
      throw new UsageError(
        'on Windows vmssh can listen only on TCP ports',
        'use a port: vmssh forward NAME PORT 8080',
      );
    await clearPath(local.path, addon);
  }
  const place = quote(formatLocal(local));
  const handle = bound(addon, local, place, (code) => explain(local, code.replace(/^WSA/, ''), free));
  const address = addon.socketAddress(handle, 0);
  const remove = local.family === 'unix' ? remover(local.path) : () => {};
  return {
    handle,
    local: address?.family === 'inet' ? address : local,
    close() {
      remove();
      addon.close(handle);
    },
  };
}

/** The sockets that systemd started this process with, and listens on afterwards: sd_listen_fds(3). Throws a CommandError. */
export function passedListeners(
  addon: Addon,
  env: Record<string, string | undefined> = process.env,
  pid = process.pid,
): readonly Listener[] {
  const { LISTEN_FDS: fds = '', LISTEN_PID: owner = '' } = env;
  // No child is to take the sockets.
  for (const name of socketVariables) delete env[name];
  const count = parseUnsigned32(fds) ?? 0;
  if (count < 1 || count > maxSockets)
    throw badSockets(`LISTEN_FDS is ${quote(fds)}: expected a number from 1 to ${maxSockets}`);
  if (parseUnsigned32(owner) !== pid)
    throw badSockets(`LISTEN_PID is ${quote(owner)}, and this process is ${pid}`);
  // LISTEN_FDNAMES is not looked at: a unit's name may have the ":" that stands between names there.
  return Array.from({ length: count }, (_, i) => adopted(addon, firstSocket + i));
}

/** LISTEN_PIDFDID: since systemd 258. */
const socketVariables = ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_PIDFDID', 'LISTEN_FDNAMES'] as const;

/** SD_LISTEN_FDS_START */
const firstSocket = 3;

/** As many as a service gets descriptors by default (LimitNOFILE=), less some. */
const maxSockets = 1000;

function adopted(addon: Addon, descriptor: number): Listener {
  try {
    const handle = addon.adoptListener(descriptor);
    const local = addon.socketAddress(handle, 0);
    const close = () => addon.close(handle);
    if (local?.family === 'inet' || local?.family === 'unix') return { handle, local, close };
    close();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw badSockets(`descriptor ${descriptor} cannot be listened on: ${message} (${code})`);
  }
  throw badSockets(`descriptor ${descriptor} is neither of TCP nor a unix socket`);
}

function badSockets(problem: string): CommandError {
  return new CommandError(
    'LISTEN_FDS',
    `cannot take sockets from systemd: ${problem}`,
    'the .socket unit needs a ListenStream= for each, and no Accept=yes; its service starts vmssh itself, or by exec: docs/forward.md',
  );
}

export type Explanation = Pick<ConnectErrorInit, 'problem' | 'hint'>;

/** Listens at `place`; `explain` gets the code of a failure. Throws a CommandError. */
export function bound(
  addon: Addon,
  address: Address,
  place: string,
  explain: (code: string) => Explanation | undefined,
): Handle {
  try {
    return addon.listen(address, backlog);
  } catch (error) {
    const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
    const { problem, hint } = explain(code) ?? { problem: message };
    throw new CommandError(code, `cannot listen on ${place}: ${problem} (${code})`, hint);
  }
}

function explain(local: Local, code: string, free: string): Explanation | undefined {
  const port = local.family === 'inet' ? local.port : 0;
  const known: Readonly<Record<string, Explanation>> = {
    EADDRINUSE: { problem: 'another program listens there', hint: free },
    EACCES: {
      problem: 'permission denied',
      hint:
        local.family === 'inet'
          ? `name a port from 1024 on, such as ${port === 80 ? 8080 : 1024 + port}`
          : 'name a path in a folder of yours',
    },
    EADDRNOTAVAIL: { problem: 'no network interface has this address', hint: 'use 127.0.0.1 or [::1]' },
    ENOENT: {
      problem: 'there is no such folder',
      hint: `make it first: mkdir -p ${shellQuoted(dirname('path' in local ? local.path : ''))}`,
    },
    ENAMETOOLONG: {
      problem: 'the path is too long for a socket',
      hint: 'use a shorter path: at most 107 bytes',
    },
  };
  return known[code] ?? exhaustion(code);
}

/** Time for a server to accept. Milliseconds. */
const answerMs = 1000;

/** Makes room for a socket: removes one of ours on which nobody listens. Throws a CommandError for anything else. */
export async function clearPath(path: string, addon: Addon, uid = process.getuid?.()): Promise<void> {
  const stats = stat(path);
  if (!stats) return;
  const taken = (problem: string, hint: string) =>
    new CommandError('EEXIST', `cannot listen on ${quote(path)}: ${problem}`, hint);
  if (!stats.isSocket()) throw taken('there is a file that is not a socket', 'choose another path');
  if (stats.uid !== uid) throw taken(`it belongs to user ${stats.uid}`, 'choose another path');
  const { code } = await addon.connect({ family: 'unix', path }, answerMs).promise.then(
    (handle) => {
      addon.close(handle);
      return { code: undefined };
    },
    (error: { code?: string }) => error,
  );
  if (code !== 'ECONNREFUSED')
    throw taken('another program listens there', `see which one: ss -lxp src ${shellQuoted(path)}`);
  removeSame(path, stats);
}

/** Removes the socket that is now at the path, and no other one that comes there later. */
export function remover(path: string): () => void {
  const ours = stat(path);
  return () => ours && removeSame(path, ours);
}

function removeSame(path: string, { dev, ino }: Stats): void {
  const now = stat(path);
  if (now?.dev === dev && now.ino === ino) rmSync(path, { force: true });
}

function stat(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined; // whoever listens there says why
  }
}

export interface MachineListener {
  readonly handle: Handle;
  /** The port of vsock, or the path of the multiplexer's socket. */
  readonly at: { readonly port: number } | { readonly path: string };
  /** Why a client is turned away; undefined: it is the machine. */
  refuse(client: Handle): Promise<string | undefined>;
  close(): void;
}

/** One on a vsock port of this host, by the address that a client has; `turnAway` says why that is not the machine's. */
export function portListener<F extends 'vsock' | 'hyper-v'>(
  addon: Addon,
  { handle, port, family }: { readonly handle: Handle; readonly port: number; readonly family: F },
  turnAway: (peer: Extract<Address, { readonly family: F }>) => Promise<string | undefined>,
): MachineListener {
  const isOfFamily = (peer: Address | undefined): peer is Parameters<typeof turnAway>[0] =>
    peer?.family === family;
  return {
    handle,
    at: { port },
    close: () => addon.close(handle),
    async refuse(client) {
      const peer = peerOf(addon, client);
      return isOfFamily(peer) ? turnAway(peer) : 'the client ended';
    },
  };
}
