import { printable } from '../../errors.js';
import { countBy } from '../../group-by.js';
import { hostKeyAlias } from '../../identity/identity.js';
import { parseTarget } from '../../kinds/parse.js';
import { type GuestKeys, trustIn } from '../guest-keys.js';
import { moreNames, type NameCheck } from './names.js';
import { type SharedUuid, sharedUuids } from './same-uuid.js';
import type { HostEntry, HostMachine } from './state.js';
import type { ConcreteHost } from './text.js';

/** What the Hosts of machines are made of besides. */
export interface HostSurroundings {
  /** Whether a name is the user's already. */
  readonly taken: NameCheck;
  readonly knownHosts: string;
  /** Machines whose host keys are known beforehand. */
  readonly guests?: readonly GuestKeys[];
}

/** The Host block of each machine. `shared`: those with one UUID. */
export function entryHosts(
  entries: readonly HostEntry[],
  { taken, knownHosts, guests = [] }: HostSurroundings,
): { readonly hosts: readonly ConcreteHost[]; readonly shared: readonly SharedUuid[] } {
  const folded = countBy(entries, ({ host }) => host.toLowerCase());
  const names = moreNames(entries, taken);
  const keysOf = new Map(guests.map((keys) => [keys.name, keys]));
  const hosts = entries.map((machine): ConcreteHost => {
    const { host, via, name } = machine;
    const more = names.get(machine) ?? [];
    const isOnly = folded.get(host.toLowerCase()) === 1;
    return {
      host,
      ...(more.length === 0 ? {} : { names: more }),
      about: aboutOf(machine, isOnly),
      options: machineOptions(machine, knownHosts, via === undefined ? keysOf.get(name) : undefined),
    };
  });
  return { hosts, shared: sharedUuids(entries) };
}

/** "mint of libvirt"; with its target if another machine's Host differs only in case. */
export function aboutOf(machine: HostMachine, isOnly: boolean): string {
  const { name, target } = machine;
  return printable(`${name}${isOnly ? '' : ` (${target})`} of ${ownerName(machine)}`);
}

/** The settings of a machine's Host. Throws a ConnectError if its target cannot be parsed. */
export function machineOptions(
  machine: HostMachine,
  knownHosts: string,
  keys?: GuestKeys,
): ConcreteHost['options'] {
  const { target, user, identityFile, identityAgent } = machine;
  const alias = aliasOf(machine);
  return {
    target,
    knownHosts: alias === undefined ? undefined : knownHosts,
    hostKeyAlias: alias,
    user,
    identityFile,
    identityAgent,
    ...(keys ? trustIn(keys) : {}),
  };
}

/** Its name in known_hosts. */
export function aliasOf(machine: HostMachine): string | undefined {
  return hostKeyAlias({ target: parseTarget(machine.target), machine });
}

/** Who lists a machine: its provider, or "via/hv1" for each of that hypervisor. */
export function ownerName({ provider, via }: Pick<HostMachine, 'provider' | 'via'>): string {
  return via === undefined ? provider : `via/${via}`;
}
