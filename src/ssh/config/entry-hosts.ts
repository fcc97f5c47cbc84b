import { printable, quote } from '../../errors.js';
import { countBy, groupBy } from '../../group-by.js';
import { hostKeyAlias } from '../../identity/identity.js';
import { parseTarget } from '../../kinds/parse.js';
import { type GuestKeys, trustIn } from '../guest-keys.js';
import { moreNames, type NameCheck } from './names.js';
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
    const { host, via, name, target } = machine;
    const more = names.get(machine) ?? [];
    // If another machine's Host differs only in case.
    const also = folded.get(host.toLowerCase()) === 1 ? '' : ` (${target})`;
    return {
      host,
      ...(more.length === 0 ? {} : { names: more }),
      about: printable(`${name}${also} of ${ownerName(machine)}`),
      options: machineOptions(machine, knownHosts, via === undefined ? keysOf.get(name) : undefined),
    };
  });
  return { hosts, shared: sharedUuids(entries) };
}

/** The settings of a machine's Host. Throws a ConnectError if its target cannot be parsed. */
export function machineOptions(
  machine: HostMachine & Pick<HostEntry, 'environment'>,
  knownHosts: string,
  keys?: GuestKeys,
): ConcreteHost['options'] {
  const { target, user, identityFile, identityAgent, environment } = machine;
  const alias = aliasOf(machine);
  return {
    ...{ target, user, identityFile, identityAgent, environment },
    knownHosts: alias === undefined ? undefined : knownHosts,
    hostKeyAlias: alias,
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

/** Machines of this host that say that they have one UUID: the key of the first that is logged in to is the only one for all. */
export interface SharedUuid {
  readonly uuid: string;
  readonly machines: readonly HostMachine[];
}

// What another hypervisor says of a UUID is not compared: its machines are known by other names. Those of other users have no Host.
function sharedUuids(machines: readonly HostMachine[]): readonly SharedUuid[] {
  const own = machines.filter(({ via }) => via === undefined);
  return [...groupBy(own, ({ uuid }) => uuid)].flatMap(([uuid, all]) =>
    uuid === undefined || all.length === 1 ? [] : [{ uuid, machines: all }],
  );
}

/** How many of them a warning names. */
const most = 4;

/** A warning about them, one clause. */
export function sharedUuidProblem({ uuid, machines }: SharedUuid): string {
  const names = machines.slice(0, most).map(({ name }) => quote(name));
  const more = machines.length > most ? `, and ${machines.length - most} more` : '';
  return `${names.join(', ')}${more} have one UUID, ${uuid}: ssh accepts the host key of only one of them; give a copy a UUID of its own`;
}
