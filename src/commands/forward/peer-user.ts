import type { Addon, Handle } from 'node-hvsock-native';
import { readText } from '../../files/read-file.js';
import type { Io } from '../../process/io.js';
import { readListeners } from '../../sources/processes/tcp-listeners.js';
import type { Local } from './session.js';

/** Why a client of a TCP port may not connect: only this user and root may, since root can be anybody. Undefined: it may. A unix socket's mode keeps others out. */
export function whyOther(
  addon: Pick<Addon, 'peerUser'>,
  client: Handle,
  { family }: Local,
): string | undefined {
  if (family === 'unix') return undefined;
  const user = userOf(addon, client);
  if (user === 0 || (user !== undefined && user === process.getuid?.())) return undefined;
  if (user === undefined) return 'the client ended, or the kernel does not show whose it is';
  return `user ${user} of this host`;
}

/** The user id of the program at the other end of a client's connection; undefined: no program has it any more, or the kernel does not say. */
function userOf(addon: Pick<Addon, 'peerUser'>, client: Handle): number | undefined {
  try {
    return addon.peerUser(client);
  } catch {
    return undefined;
  }
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
