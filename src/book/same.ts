import { countBy, groupBy } from '../base/group-by.js';
import { asTarget } from '../kinds/kinds.js';
import type { ListedMachine } from '../sources/merge.js';
import type { MachineIdentity } from '../sources/source.js';
import { split } from '../typed/names.js';
import { parseUuid, vmIds } from '../typed/numbers.js';
import type { ViaTarget } from '../typed/target.js';
import { type HostEntry, hasHost, type MachineRecord, type StateOwner, writtenState } from './state.js';

/** What is kept of a machine, by what a listing said of it. */
interface Kept {
  readonly target: string;
  readonly uuid?: string | undefined;
}

/** A machine as its source lists it. */
export interface Listed extends MachineIdentity {
  readonly target: string;
  readonly via?: string;
}

/**
 * What is the same machine's. Each question counts what its answer may rest on, and no more:
 *
 * | the question | by what | since |
 * | --- | --- | --- |
 * | which Host a name is (`ofHost`) | the Host, as it is or in another case | ssh compares letter by letter, people do not |
 * | which Host a target is (`writtenAt`) | the target of any source that has the machine | the Hosts of a gone one mean it until another has the target |
 * | the same behind a hypervisor | also its UUID, or its name if only one has it | nobody there is asked again |
 * | which listed machine a target is (`isAt`), and its Host (`sshNames`) | the target | a UUID says which machine it is, not what a Host calls |
 * | which record a listed machine has (`keptFor`): its Host, name and environment | the table there | it may have another name, or be made again |
 * | which login of setup's it has (`loginsFor`) | the same table, by the UUID of the machine with the key; by its name only one that was not known | another one may have its name and its record now |
 * | whether two have one UUID (`idHere`) | the UUID, of this host only, but zeros | a hypervisor may say any |
 * | whose host key it is (keys/decide.ts) | the UUID, else the name, else what was typed | known_hosts has nothing else |
 * | keys that were made for it (keys/guest-keys.ts) | its name, of whatever kind | they are made before the machine is |
 * | the route of last time (book/remembered.ts) | what was typed | it only changes an order |
 *
 * Another user's machine is never the same as one of this user's, nor one of another hypervisor the same as one of this host.
 */

/**
 * What is kept for a machine. `listed`: the machines that there are. The first row that holds:
 *
 * | what is kept has | it is that machine's | since |
 * | --- | --- | --- |
 * | its target and its UUID | always | nothing has changed |
 * | its UUID | unless another machine has that too | it has another name, or its manager's scope is in its target now |
 * | its target | unless another machine has the UUID that is kept | it was made again |
 *
 * Nothing is kept for another user's machine. For a machine on another hypervisor, only the target counts: a UUID from there says
 * nothing about this host.
 */
export function keptFor<K extends Kept>(
  kept: readonly K[],
  listed: readonly Listed[],
): (machine: Listed) => K | undefined {
  const byTarget = groupBy(kept, ({ target }) => target);
  const byId = groupBy(kept.filter(isHere), idOf);
  const own = listed.filter((each) => isHere(each) && each.authority !== 'other');
  const withId = groupBy(own, idOf);
  return (machine) => {
    const { target, authority } = machine;
    if (authority === 'other') return undefined;
    const named = byTarget.get(target) ?? [];
    if (!isHere(machine)) return named[0];
    const id = idOf(machine);
    const isSame = (each: Kept) => each.target === target && idOf(each) === id;
    // A listing from before has the machine as it was then.
    const isBefore = (each: Kept) => each.target === target && !own.some(isSame);
    const isNobodys = (each: K) => (withId.get(idOf(each) ?? '') ?? []).every(isBefore);
    const isOnly = (withId.get(id) ?? []).every((each) => each.target === target);
    const moved = id !== undefined && isOnly ? byId.get(id)?.[0] : undefined;
    return named.find(isSame) ?? moved ?? named.find(isNobodys);
  };
}

/** The machine with a Host that a target means, in any of its spellings; of several none. One that is gone only counts where no other one does. */
export function writtenAt<R extends MachineRecord>(typed: string, entries: readonly R[]): R | undefined {
  const target = asTarget(typed);
  const meant = entries.filter(target?.kind === 'via' ? isThere(target as ViaTarget) : isHereAs(typed));
  const now = meant.filter(({ gone }) => gone === undefined);
  const [one, ...others] = now.length > 0 ? now : meant;
  return others.length === 0 ? one : undefined;
}

/** The machine on another hypervisor that a target means, by the Hosts that were written: a hypervisor is not asked again at each login. */
export function viaMachine(typed: ViaTarget, entries: readonly HostEntry[]): ListedMachine | undefined {
  const name = `via/${typed.host}/${typed.target}`;
  const entry = writtenAt(name, entries);
  const known = { name, status: 'unknown', provider: 'via', also: [], via: typed.host } as const;
  return entry && { ...known, target: entry.target, uuid: entry.uuid };
}

/** The name that ssh takes for each machine, by the Hosts that were written; absent for a machine without one. */
export function sshNames(
  entries: readonly HostEntry[],
  machines: readonly ListedMachine[],
): ReadonlyMap<ListedMachine, string> {
  const now = entries.filter(({ gone }) => gone === undefined);
  const written = new Map(now.map(({ target, host }) => [target, host]));
  const named = machines.flatMap((machine) => {
    const [host] = [machine.target, ...machine.also].flatMap((target) => written.get(target) ?? []);
    return host === undefined ? [] : [[machine, host] as const];
  });
  const uses = countBy(named, ([, host]) => host);
  return new Map(named.filter(([, host]) => uses.get(host) === 1));
}

/** The first hypervisor of each typed name that is behind one. */
export async function hopsTo(typed: readonly string[], here: StateOwner): Promise<readonly string[]> {
  const written = await writtenHosts(here);
  return typed.flatMap((name) => {
    const target = asTarget(ofHost(name, written)?.target ?? name);
    return target?.kind === 'via' ? (target as ViaTarget).host : [];
  });
}

/** The machines with a Host. */
export async function writtenHosts(here: StateOwner): Promise<readonly HostEntry[]> {
  return ((await writtenState(here))?.machines ?? []).filter(hasHost);
}

/** The machine whose Host a name is: ssh reads that one, whoever is called so now. */
export function ofHost(typed: string, entries: readonly HostEntry[] = []): HostEntry | undefined {
  const lower = typed.toLowerCase();
  return (
    entries.find(({ host }) => host === typed) ?? entries.find(({ host }) => host.toLowerCase() === lower)
  );
}

/** Whether a machine has a target, also by another source: "qemu/web", "qemu%web" or "QEMU/web". */
export function isAt(typed: string) {
  const { word, separator, rest } = split(typed);
  const text = separator === '/' || separator === '%' ? `${word}/${rest}` : typed;
  return ({ target, also = [] }: { readonly target: string; readonly also?: readonly string[] }) =>
    [target, ...also].includes(text);
}

/** By its target, or its UUID. */
function isHereAs(typed: string) {
  const [isTarget, id] = [isAt(typed), idIn(typed)];
  return (entry: MachineRecord): boolean =>
    isTarget(entry) || (id !== undefined && isHere(entry) && entry.uuid === id);
}

/** By its UUID, its target or, where that is one machine's, its name there; behind several hypervisors, that on the last one. */
function isThere({ host, target, inner }: ViaTarget) {
  const [isTarget, id, named] = [isAt(target), idIn(target), target.toLowerCase()];
  return (entry: MachineRecord): boolean => {
    const { target: to, via, uuid, name } = entry;
    if (via?.toLowerCase() !== host.toLowerCase()) return false;
    if (id !== undefined && uuid === id) return true;
    const there = to.slice(`via/${via}/`.length);
    const [, next] = /^via\/([^/]+)\//.exec(there) ?? [];
    if (inner?.kind === 'via' && next !== undefined)
      return isThere(inner as ViaTarget)({ ...entry, target: there, via: next });
    return inner ? isTarget({ target: there }) : next === undefined && name.toLowerCase() === named;
  };
}

/** The UUID that was typed, alone or as a machine of Hyper-V. */
function idIn(typed: string): string | undefined {
  return idOf({ uuid: parseUuid(typed.replace(/^hyper-v[/%]/i, '')) });
}

/** What identifies a machine of this host, among those of this host; undefined: only its target does. */
export function idHere(machine: Kept): string | undefined {
  return isHere(machine) ? idOf(machine) : undefined;
}

/** All zeros are no identity. */
function idOf({ uuid }: { readonly uuid?: string | undefined }): string | undefined {
  return uuid === vmIds.ZERO ? undefined : uuid;
}

function isHere({ target }: Kept): boolean {
  return !target.startsWith('via/');
}
