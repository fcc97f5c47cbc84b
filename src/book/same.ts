import { groupBy } from '../group-by.js';
import type { MachineIdentity } from '../sources/source.js';
import { vmIds } from '../typed/numbers.js';

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

/** All zeros are no identity. */
function idOf({ uuid }: { readonly uuid?: string | undefined }): string | undefined {
  return uuid === vmIds.ZERO ? undefined : uuid;
}

function isHere({ target }: Kept): boolean {
  return !target.startsWith('via/');
}
