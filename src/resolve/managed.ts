import { shellQuoted } from '../address/shell-word.js';
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
  const { commands } = manager;
  const hints = { unknown: commands.list };
  const machine = await findOne(manager, name, { timeoutMs, ...context }, { hints });
  return resolveDiscovered(machine, context, {
    start: `${commands.start} ${shellQuoted(machine.name)}`,
    address: `is it up? ${commands.list}`,
  });
}
