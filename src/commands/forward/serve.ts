import type { Addon, Handle } from 'node-hvsock-native';
import { confine } from '../../base/native.js';
import { exhaustion } from '../../connect/failures/failure.js';
import { asTarget } from '../../kinds/kinds.js';
import type { Io } from '../../process/io.js';
import { splitLogin } from '../../reach/login.js';
import type { Local } from './session.js';

export interface ServeOptions {
  /** Connections at the same time, of all listeners. */
  readonly most: number;
  /** The service ends after this long without a connection. Milliseconds; undefined: never. */
  readonly idleMs?: number;
}

/**
 * Accepts until `signal` is aborted or it was idle; resolves when the last connection ended. While `most` are open,
 * further clients wait. `session` owns its client; its own signal is aborted too.
 */
export async function serve<L extends { readonly handle: Handle }>(
  addon: Addon,
  listeners: readonly L[],
  { most, idleMs }: ServeOptions,
  session: (client: Handle, signal: AbortSignal, listener: L) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const open = new Set<Promise<void>>();
  const idle = idleTimer(idleMs);
  // One for each connection: Node warns of more than ten listeners of one signal.
  const sessions = aborting(signal);
  const accepts = aborting(AbortSignal.any([signal, idle.over]));
  const start = (client: Handle, listener: L) => {
    idle.stop();
    const { own, forget } = sessions.another();
    const work = session(client, own, listener).finally(() => {
      open.delete(work);
      forget();
      if (open.size === 0) idle.start();
    });
    open.add(work);
  };
  idle.start();
  try {
    await Promise.all(
      listeners.map(async (listener) => {
        while (!signal.aborted && !idle.over.aborted) {
          if (open.size >= most) await Promise.race(open);
          const client = await accept(addon, listener.handle, open, accepts);
          if (!client) continue;
          // Other listeners may have had the last place, or wait for it too: between the look and the start there is no await.
          while (open.size >= most) await Promise.race(open);
          start(client, listener);
        }
      }),
    );
    await Promise.all(open);
  } finally {
    idle.stop();
  }
}

/** Undefined after an abort, or if this process has no descriptor left and one became free. */
async function accept(
  addon: Addon,
  listener: Handle,
  open: ReadonlySet<Promise<void>>,
  accepts: ReturnType<typeof aborting>,
): Promise<Handle | undefined> {
  const { own, forget } = accepts.another();
  if (own.aborted) return undefined;
  const pending = addon.accept(listener);
  own.addEventListener('abort', () => pending.cancel());
  try {
    return await pending.promise;
  } catch (error) {
    if (own.aborted) return undefined;
    if (open.size === 0 || !exhaustion((error as { code?: string }).code)) throw error;
    await Promise.race(open);
    return undefined;
  } finally {
    forget();
  }
}

/** Signals that are aborted with this one, each of which can be forgotten. */
function aborting(signal: AbortSignal) {
  const all = new Set<AbortController>();
  signal.addEventListener('abort', () => {
    for (const each of all) each.abort();
  });
  return {
    another() {
      const controller = new AbortController();
      if (signal.aborted) controller.abort();
      all.add(controller);
      return { own: controller.signal, forget: () => void all.delete(controller) };
    },
  };
}

/** `over` is aborted `ms` after the last start, unless it was stopped. */
function idleTimer(ms: number | undefined) {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const stop = () => clearTimeout(timer);
  return {
    over: controller.signal,
    stop,
    start() {
      stop();
      if (ms !== undefined) timer = setTimeout(() => controller.abort(), ms);
    },
  };
}

/** Gives up what a forward to a socket does not need once it listens. `listensAt`: the unix socket that it removes. */
export async function confineForward(
  { typed, listensAt }: { readonly typed: string; readonly listensAt: readonly Local['family'][] },
  find: () => Promise<unknown>,
  { env }: Io,
  giveUp = confine,
): Promise<void> {
  // A machine that is looked up by name may need its manager's program for each connection.
  if (!sockets.has(asTarget(splitLogin(typed).host)?.kind)) return;
  // This may run a program to see whose socket it is; the answer is kept.
  await find().catch(() => undefined);
  giveUp(listensAt.includes('unix') ? 'serve-path' : 'serve', env);
}

/** The kinds that are found without a program. */
const sockets: ReadonlySet<string | undefined> = new Set(['unix', 'vsock', 'vsock-mux']);
