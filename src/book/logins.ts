import { definedFields } from '../group-by.js';
import { keptFor, type Listed } from './same.js';
import type { HostMachine, MachineLogin, MachineRecord, StateOwner } from './state.js';
import { hasHost, writtenState } from './state.js';

/** As whom ssh logs in to a machine: by the login that setup made, else by what its source says. */
export function loginOf(machine: MachineLogin & { readonly login?: MachineLogin | undefined }): MachineLogin {
  return machine.login && !machine.login.failed ? machine.login : machine;
}

/** The same of a machine as it is listed now. */
export async function madeLogin(machine: (Listed & MachineLogin) | undefined, here: StateOwner) {
  return machine && loginOf({ ...machine, login: await keptLogin(machine, here) });
}

/** The login that setup made for a machine, also one that sshd refused. */
export async function keptLogin(machine: Listed | undefined, here: StateOwner) {
  const { machines = [] } = (machine && (await writtenState(here))) ?? {};
  // Most hosts have none, and thousands of machines take a while to compare.
  const isAny = machines.some(({ login }) => login !== undefined);
  return machine && isAny ? recordAmong(machines, machine)?.login : undefined;
}

/** The records, in which a machine has that login. One of its other name keeps its Host, which is that of who has the name now. */
export function withLogin(
  records: readonly MachineRecord[],
  machine: HostMachine,
  login: MachineLogin,
): readonly MachineRecord[] {
  const { name, target, provider, via, uuid, authority } = machine;
  const own = recordAmong(records, machine);
  if (own?.target === target)
    return records.map((each) => (each === own ? { ...own, ...definedFields({ uuid }), login } : each));
  const known = { name, target, provider, ...definedFields({ via, uuid, authority }) };
  return [...withoutLogin(records, machine), { ...known, login }];
}

/** The records, in which a machine has no login; that this was the first one is kept with another. */
export function withoutLogin(
  records: readonly MachineRecord[],
  machine: HostMachine,
): readonly MachineRecord[] {
  const own = recordAmong(records, machine);
  const left = own && hasHost(own) ? [{ ...own, login: undefined }] : [];
  const all = records.flatMap((each) => (each === own ? left : [each]));
  const heir = own?.login?.first ? all.find(({ login }) => login !== undefined) : undefined;
  return all.map((each) => (each === heir ? { ...each, login: { ...each.login, first: true } } : each));
}

function recordAmong(records: readonly MachineRecord[], machine: Listed): MachineRecord | undefined {
  const listed = records.filter((each) => hasHost(each) && each.gone === undefined);
  return keptFor(records, listed)(machine);
}
