import { printable } from '../errors.js';
import { fewOf } from '../group-by.js';
import { namesOf } from '../identity/identity.js';
import { bothFiles } from '../identity/inbox.js';
import { pinsIn } from '../identity/pins.js';
import { keptFor } from '../identity/same.js';
import { asTarget, parseTarget } from '../kinds/kinds.js';
import type { Env, Here } from '../runtime.js';
import type { ListedMachine } from '../sources/merge.js';
import { aliasOf, type HostSurroundings } from '../ssh/config/hosts.js';
import type { MachineLogin } from '../ssh/config/logins.js';
import { hostNames } from '../ssh/config/settings.js';
import { type HostEntry, readState, stateFile } from '../ssh/config/state.js';
import { usersTexts } from '../ssh/config/users-files.js';
import { knownHostsFile, ownHome } from '../ssh/folder.js';

interface InUse extends Pick<HostSurroundings, 'guests'> {
  readonly logins: readonly MachineLogin[];
  readonly system: boolean;
}

/** The Hosts that a listing lacks and somebody uses: without ours, the name would be another host's on a network. */
export async function inUse(
  left: readonly HostEntry[],
  listed: readonly ListedMachine[],
  { logins, guests = [], system }: InUse,
  { env, platform }: Here,
): Promise<readonly HostEntry[]> {
  // One that has another Host now is not gone; a container that is off may have none.
  const up = listed.filter(({ container, status }) => container === undefined || status !== 'off');
  const targets = new Set(up.map(({ target }) => target));
  const lacking = left.filter(({ target }) => !targets.has(target) && asTarget(target) !== undefined);
  if (lacking.length === 0 || system) return [];
  const aliases = lacking.map(aliasOf);
  const file = await bothFiles(knownHostsFile(env));
  const pinned = new Set(pinsIn(file, aliases).flatMap(({ alias, names }) => [alias, ...names]));
  const loginOf = keptFor(logins, listed);
  const set = new Set((await usersTexts({ env, platform })).flatMap((text) => [...hostNames(text)]));
  return lacking.filter((entry, at) => {
    const { target, name, host, via } = entry;
    const names = namesOf({ target: parseTarget(target), machine: entry }, host);
    if ([aliases[at] ?? '', ...names].some((each) => pinned.has(each))) return true;
    if (set.has(host.toLowerCase())) return true;
    if (via === undefined && guests.some((keys) => keys.name === name)) return true;
    return loginOf(entry) !== undefined;
  });
}

export const maxShown = 8;

/** Of the machines that were listed until now. */
export function goneLine(entries: readonly HostEntry[], today: string): readonly string[] {
  const gone = entries.filter((entry) => entry.gone === today).map(({ host }) => host);
  if (gone.length === 0) return [];
  return [
    printable(`off or gone, with their names kept: ${fewOf(gone, maxShown)}: vmssh forget NAME ends one`),
  ];
}

/** What a login is told of a machine that has a Host and is not listed any more: "vm1 of machined is gone since 2026-01-31". */
export async function goneSince(text: string, env: Env): Promise<string | undefined> {
  const entries = (await readState(stateFile(ownHome(env))))?.machines ?? [];
  const found = entries.find(({ target, gone }) => target === text && gone !== undefined);
  return found && `${found.name} of ${found.provider} is gone since ${found.gone}`;
}
