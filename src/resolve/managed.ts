import { findBy } from '../discovery/find-by.js';
import type { Manager } from '../discovery/provider.js';
import { resolveDiscovered } from './found.js';
import { foundBy } from './found-by.js';
import type { Resolution, ResolveContext } from './resolution.js';

/** For one query to a manager, which may have to start a daemon first. Milliseconds. */
const timeoutMs = 10_000;

/** A machine by the address that its manager lists, as in `vmssh list`. */
export async function resolveManaged(
  name: string,
  manager: Manager,
  context: ResolveContext,
): Promise<Resolution> {
  const search = await findBy(manager, name, { timeoutMs, ...context });
  context.signal?.throwIfAborted();
  const { title, commands } = manager;
  const machine = foundBy(search, name, context.text, { title, hints: { unknown: commands.list } });
  return resolveDiscovered(machine, context, {
    start: `${commands.start} ${machine.name}`,
    address: `is it up? ${commands.list}`,
  });
}
