import { quote } from '../../errors.js';
import { groupBy } from '../../group-by.js';
import type { HostMachine } from './state.js';

/** Machines of this host that say that they have one UUID: the key of the first that is logged in to is the only one for all. */
export interface SharedUuid {
  readonly uuid: string;
  readonly machines: readonly HostMachine[];
}

/** What another hypervisor or user says of a UUID is not compared: its machines are known by other names. */
export function sharedUuids(machines: readonly HostMachine[]): readonly SharedUuid[] {
  const own = machines.filter(({ via, authority }) => via === undefined && authority !== 'other');
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
