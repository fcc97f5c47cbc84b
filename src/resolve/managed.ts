import type { Manager } from '../discovery/provider.js';
import { resolveDiscovered } from './found.js';
import { findOne } from './found-by.js';
import type { Resolution, ResolveContext } from './resolution.js';

/** For one query to a manager, which may have to start a daemon first. Milliseconds. */
const timeoutMs = 10_000;

/** A machine by the address that its manager lists, as in `vmssh list`. */
export async function resolveManaged(
  name: string,
  manager: Manager,
  context: ResolveContext,
): Promise<Resolution> {
  const hints = { unknown: manager.listCommand };
  const machine = await findOne(manager, name, { timeoutMs, ...context }, { hints });
  return resolveDiscovered(machine, context, {
    start: manager.start(machine),
    address: `is it up? ${manager.listCommand}`,
  });
}
