import { quote } from '../../errors.js';
import { groupBy } from '../../group-by.js';
import type { HostMachine } from './state.js';

/** Machines that say that they have one UUID. */
export interface SharedUuid {
  readonly uuid: string;
  readonly machines: readonly HostMachine[];
}

/**
 * The machines, where a UUID that several have is no machine's identity: a host key kept by it would be accepted for the others too.
 * What another hypervisor or user says takes none from a machine of this host.
 */
export function withOwnUuids<T extends HostMachine>(
  machines: readonly T[],
): {
  readonly machines: readonly T[];
  readonly shared: readonly SharedUuid[];
} {
  const groups = groupBy(machines, ({ uuid }) => uuid);
  const othersOf = (machine: T) => {
    const all = machine.uuid === undefined ? [] : (groups.get(machine.uuid) ?? []);
    return isLess(machine) ? all : all.filter((each) => !isLess(each));
  };
  const own = machines.map((machine) =>
    othersOf(machine).length > 1 ? { ...machine, uuid: undefined } : machine,
  );
  const shared = [...groups].flatMap(([uuid, all]) =>
    uuid === undefined || all.length === 1 ? [] : [{ uuid, machines: all }],
  );
  return { machines: own, shared };
}

function isLess({ via, authority }: HostMachine): boolean {
  return via !== undefined || authority === 'other';
}

/** How many of them a warning names. */
const most = 4;

/** A warning about them, one clause. */
export function sharedUuidProblem({ uuid, machines }: SharedUuid): string {
  const names = machines
    .slice(0, most)
    .map(({ name, via }) => `${quote(name)}${via === undefined ? '' : ` of ${via}`}`);
  const more = machines.length > most ? `, and ${machines.length - most} more` : '';
  const kept = !machines.every(isLess) && machines.some(isLess);
  const whose = kept ? "only the host key of this host's own is" : 'no host key is';
  return `${names.join(', ')}${more} have one UUID, ${uuid}: ${whose} kept by it`;
}
