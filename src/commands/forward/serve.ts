import type { Addon, Handle } from 'node-hvsock-native';
import { exhaustion } from '../../connect/failures/exhausted.js';

/**
 * Accepts connections until `signal` is aborted, and resolves when the last one has ended. While `most` are open, further
 * clients wait. `session` owns its client; its own signal is aborted too.
 */
export async function serve(
  addon: Addon,
  listener: Handle,
  most: number,
  session: (client: Handle, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const open = new Set<Promise<void>>();
  // One for each connection: Node warns of more than ten listeners of one signal.
  const sessions = new Set<AbortController>();
  signal.addEventListener('abort', () => {
    for (const each of sessions) each.abort();
  });
  while (!signal.aborted) {
    const client = await accept(addon, listener, open, signal);
    if (!client) continue;
    const controller = new AbortController();
    sessions.add(controller);
    const work = session(client, controller.signal).finally(() => {
      open.delete(work);
      sessions.delete(controller);
    });
    open.add(work);
    if (open.size >= most) await Promise.race(open);
  }
  await Promise.all(open);
}

/** Undefined after an abort, or if this process has no descriptor left and one became free. */
async function accept(
  addon: Addon,
  listener: Handle,
  open: ReadonlySet<Promise<void>>,
  signal: AbortSignal,
): Promise<Handle | undefined> {
  const pending = addon.accept(listener);
  const cancel = () => pending.cancel();
  signal.addEventListener('abort', cancel);
  try {
    return await pending.promise;
  } catch (error) {
    if (signal.aborted) return undefined;
    if (open.size === 0 || !exhaustion((error as { code?: string }).code)) throw error;
    await Promise.race(open);
    return undefined;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
