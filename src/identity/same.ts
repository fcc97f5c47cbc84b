import { groupBy } from '../group-by.js';
import type { MachineIdentity } from '../sources/source.js';

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
 * What is kept for a machine. `listed`: the machines that there are. The first row that holds:
 *
 * | what is kept has | it is that machine's | since |
 * | --- | --- | --- |
 * | its target and its UUID | always | nothing has changed |
 * | its UUID | unless another machine has that too | it has another name, or its manager's scope is in its target now |
 * | its target | unless another machine has the UUID that is kept | it was made again |
 *
 * Nothing is kept for machines of other users. Of another hypervisor's machine the target alone counts, and what it says of a
 * UUID is no machine's of this host.
 */
export function keptFor<K extends Kept>(
  kept: readonly K[],
  listed: readonly Listed[],
): (machine: Listed) => K | undefined {
  const byTarget = groupBy(kept, ({ target }) => target);
  const byId = groupBy(kept.filter(isHere), ({ uuid }) => uuid);
  const own = listed.filter((each) => isHere(each) && each.authority !== 'other');
  const withId = groupBy(own, ({ uuid }) => uuid);
  const isOnly = ({ target }: Listed, uuid: string | undefined) =>
    uuid === undefined || (withId.get(uuid) ?? []).every((each) => each.target === target);
  return (machine) => {
    const { target, uuid, authority } = machine;
    if (authority === 'other') return undefined;
    const named = byTarget.get(target) ?? [];
    if (!isHere(machine)) return named[0];
    const same = named.find((each) => each.uuid === uuid);
    const moved = uuid !== undefined && isOnly(machine, uuid) ? byId.get(uuid)?.[0] : undefined;
    return same ?? moved ?? named.find((each) => isOnly(machine, each.uuid));
  };
}

function isHere({ target }: Kept): boolean {
  return !target.startsWith('via/');
}
