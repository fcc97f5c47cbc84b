import type { Io } from '../../cli/command.js';
import { asTarget } from '../../kinds/parse.js';
import { splitLogin } from '../../lookup/login.js';
import { confine } from '../../process/confine.js';
import type { Local } from './local.js';

/**
 * Once it listens, a forward to a socket starts no program any more: it gives up what it does not need. Looking for a machine by its name
 * may start its manager's program at each connection, so such a forward stays as it is. `listensAt`: the unix socket that it removes.
 */
export async function confineForward(
  { typed, listensAt }: { readonly typed: string; readonly listensAt: readonly Local['family'][] },
  find: () => Promise<unknown>,
  { env }: Pick<Io, 'env'>,
  giveUp = confine,
): Promise<void> {
  if (!sockets.has(asTarget(splitLogin(typed).host)?.kind)) return;
  // Whose socket it is may be asked of a program: the answer is kept.
  await find().catch(() => undefined);
  giveUp(listensAt.includes('unix') ? 'serve-path' : 'serve', env);
}

/** The kinds that are found without a program. */
const sockets: ReadonlySet<string | undefined> = new Set(['unix', 'vsock', 'vsock-mux']);
