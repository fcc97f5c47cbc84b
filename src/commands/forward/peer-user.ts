import type { Addon, Handle } from 'node-hvsock-native';
import { readText } from '../../files/read-file.js';
import type { Io } from '../../process/io.js';
import { hexOf, mapped, readListeners } from '../../sources/processes/tcp-listeners.js';
import { type Local, type TcpEnd, tcpEnd } from './session.js';

/** Why a client of a TCP port may not connect: only this user and root may, since root can be anybody. Undefined: it may. A unix socket's mode keeps others out. */
export function refuseOthers(addon: Addon): (client: Handle, local: Local) => Promise<string | undefined> {
  const userOf = peerUser(addon);
  return async (client, { family }) => {
    if (family === 'unix') return undefined;
    const user = await userOf(client);
    if (user === 0 || (user !== undefined && user === process.getuid?.())) return undefined;
    if (user === undefined) return 'the client ended, or the kernel does not show whose it is';
    return `user ${user} of this host`;
  };
}

/** More sockets than one host has: 150 bytes each. */
const maxTable = 32 << 20;

const tables = ['/proc/net/tcp', '/proc/net/tcp6'] as const;

/** The user id of the program at the other end of a client's connection; undefined: no program has it any more, or nobody says. */
export type PeerUser = (client: Handle) => Promise<number | undefined>;

/** By the kernel's answer about that socket, or, where it gives none, by its tables of all sockets. */
export function peerUser(addon: Addon, inTables = peerUsers()): PeerUser {
  return async (client) => {
    try {
      return addon.peerUser(client);
    } catch {
      const [own, peer] = [tcpEnd(addon, client, 0), tcpEnd(addon, client, 1)];
      return own && peer ? inTables(own, peer) : undefined;
    }
  };
}

/** The user at the other end of a connection on this host, by the kernel's tables of sockets (Linux). Undefined: nobody has it, or no table can be read. All that ask at once wait for one reading. */
export function peerUsers(
  read: (path: string) => Promise<string> = (path) => readText(path, maxTable),
): (own: TcpEnd, peer: TcpEnd) => Promise<number | undefined> {
  const readAll = () => Promise.all(tables.map((path) => read(path).catch(() => '')));
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<readonly string[]> | undefined;
  // Each gets a table that was read after it asked.
  const fresh = () => {
    next ??= running.then(() => {
      next = undefined;
      const reading = readAll();
      running = reading;
      return reading;
    });
    return next;
  };
  return async (own, peer) => {
    for (let tries = 0; tries < maxTries; tries++) {
      const [four = '', six = ''] = await fresh();
      const found = uidIn(four, own, peer, '') ?? uidIn(six, own, peer, mapped);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** A row can be missed while others come and go. */
const maxTries = 2;

/**
 * "sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode": the peer's row has its own address as local.
 * Without an inode no program has the socket any more, and the uid is 0 whoever it was.
 */
function uidIn(table: string, own: TcpEnd, peer: TcpEnd, prefix: string): number | undefined {
  const row = `: ${addressOf(peer, prefix)} ${addressOf(own, prefix)} `;
  const at = table.indexOf(row);
  if (at < 0) return undefined;
  const end = table.indexOf('\n', at);
  const [, , , , uid = '', , inode = '0'] = table
    .slice(at + row.length, end < 0 ? undefined : end)
    .split(' ')
    .filter((word) => word !== '');
  return /^\d+$/.test(uid) && inode !== '0' ? Number(uid) : undefined;
}

function addressOf({ host, port }: TcpEnd, prefix: string): string {
  return `${prefix}${hexOf(host)}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Whether a program of this user listens there; undefined: it cannot be seen. */
export async function isListening(local: Local, { env }: Pick<Io, 'env'>): Promise<boolean | undefined> {
  if (local.family === 'inet') {
    const listeners = await readListeners({ env }).catch(() => undefined);
    const own = process.getuid?.() ?? 0;
    return listeners?.(local.host, local.port)?.some(({ uid }) => uid === own);
  }
  const table = await readText('/proc/net/unix').catch(() => undefined);
  // "Num: RefCount Protocol Flags Type St Inode Path"; the flag is that of a listener.
  return table?.split('\n').some((row) => {
    const [, , , flags, , , ...path] = row
      .trimStart()
      .split(' ')
      .filter((word, i) => i > 5 || word !== '');
    return flags === '00010000' && row.endsWith(` ${local.path}`) && path.length > 0;
  });
}
