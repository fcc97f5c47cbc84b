import type { ListedMachine } from '../../sources/merge.js';
import type { ViaTarget } from '../../target/target.js';
import { ownHome } from '../folder.js';
import { type HostEntry, readState, stateFile } from './state.js';

/**
 * The machine on another hypervisor that a target means, by the Host that `config install --via` wrote for it: a hypervisor
 * is not asked again at each login. Undefined without such a Host.
 */
export async function writtenMachine(
  target: ViaTarget,
  { env }: { readonly env: Readonly<Record<string, string | undefined>> },
): Promise<ListedMachine | undefined> {
  return viaMachine(target, (await readState(stateFile(ownHome(env))))?.machines ?? []);
}

/** The same among these machines. */
export function viaMachine(
  { host, target, inner }: ViaTarget,
  entries: readonly HostEntry[],
): ListedMachine | undefined {
  const there = entries.filter(({ via }) => via?.toLowerCase() === host.toLowerCase());
  const id = target.toLowerCase();
  const isMeant = (entry: HostEntry) =>
    entry.uuid === id ||
    (inner ? targetThere(entry) === target.replace('%', '/') : entry.name.toLowerCase() === id);
  const [found, ...others] = there.filter(isMeant);
  if (found === undefined || others.length > 0) return undefined;
  const { uuid } = found;
  const name = `via/${host}/${target}`;
  return { name, target: found.target, status: 'unknown', provider: 'via', also: [], via: host, uuid };
}

/** Its target on the hypervisor itself. */
function targetThere({ target, via = '' }: HostEntry): string {
  return target.slice(`via/${via}/`.length);
}
