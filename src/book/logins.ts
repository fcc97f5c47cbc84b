import { definedFields } from '../base/group-by.js';
import { idHere, keptFor, type Listed } from './same.js';
import type { HostMachine, MachineLogin, MachineRecord, StateOwner } from './state.js';
import { hasHost, writtenState } from './state.js';

/** As whom ssh logs in to a machine: by the login that setup made, else by what its source says. */
export function loginOf(machine: MachineLogin & { readonly login?: MachineLogin | undefined }): MachineLogin {
  return machine.login && !machine.login.failed ? machine.login : machine;
}

/** As whom ssh logs in to a machine that its source lists. */
export async function madeLogin(machine: (Listed & MachineLogin) | undefined, here: StateOwner) {
  return machine && loginOf({ ...machine, login: await keptLogin(machine, here) });
}

/** The login that setup made for a machine, also one that sshd refused. */
export async function keptLogin(machine: Listed | undefined, here: StateOwner) {
  const { machines = [] } = (machine && (await writtenState(here))) ?? {};
  // Most hosts have none, and thousands of machines take a while to compare.
  const isAny = machines.some(({ login }) => login !== undefined);
  return machine && isAny ? loginsFor(machines, hostsNow(machines))(machine) : undefined;
}

/**
 * The login of each listed machine: it is that of the machine with the key, whoever has that one's name and record now. Another one
 * has it only if it was made again under that name: none that was known without a login.
 */
export function loginsFor(records: readonly MachineRecord[], listed: readonly Listed[]) {
  const made = records.flatMap(({ target, uuid, login }) =>
    login ? [{ target, uuid: login.uuid ?? uuid, login }] : [],
  );
  const madeFor = keptFor(made, listed);
  const known = new Set(records.map((record) => (record.login ? undefined : idHere(record))));
  return (machine: Listed): MachineLogin | undefined => {
    const [kept, id] = [madeFor(machine), idHere(machine)];
    if (kept === undefined || id === undefined || idHere(kept) === id) return kept?.login;
    const own = made.find((each) => idHere(each) === id);
    return own || !known.has(id) ? (own ?? kept).login : undefined;
  };
}

/** The records, with another login for a machine. */
export function withLogin(
  records: readonly MachineRecord[],
  machine: HostMachine,
  login: MachineLogin,
): readonly MachineRecord[] {
  const { name, target, provider, via, uuid, authority } = machine;
  const others = without(records, machine);
  const own = keptFor(others, hostsNow(others))(machine);
  // After a rename the record of the old name stays: it is the Host of the machine that has that name now.
  if (own?.target === target)
    return others.flatMap((record) => {
      if (record !== own) return [record];
      // That of another one, which had the name.
      const left = own.login ? [{ ...own, host: undefined }] : [];
      return [{ ...own, ...definedFields({ uuid }), login }, ...left];
    });
  const known = { name, target, provider, ...definedFields({ via, uuid, authority }) };
  return [...others, { ...known, login }];
}

/** The records, without the login of a machine. That it was the first one is kept with another. */
export function withoutLogin(
  records: readonly MachineRecord[],
  machine: HostMachine,
): readonly MachineRecord[] {
  const login = loginsFor(records, hostsNow(records))(machine);
  const all = without(records, machine, login);
  const heir = login?.first ? all.find((record) => record.login !== undefined) : undefined;
  return all.map((record) =>
    record === heir ? { ...record, login: { ...record.login, first: true } } : record,
  );
}

/** Without its login, and one without a Host or a UUID of its own that had its name. */
function without(
  records: readonly MachineRecord[],
  machine: HostMachine,
  login: MachineLogin | undefined = loginsFor(records, hostsNow(records))(machine),
): readonly MachineRecord[] {
  const isBefore = ({ target, uuid, login: kept }: MachineRecord) => {
    const id = kept?.uuid ?? uuid;
    return target === machine.target && (id === undefined || id === (machine.uuid ?? id));
  };
  return records
    .filter((record) => hasHost(record) || (record.login !== login && !isBefore(record)))
    .map((record) =>
      login !== undefined && record.login === login ? { ...record, login: undefined } : record,
    );
}

function hostsNow(records: readonly MachineRecord[]): readonly MachineRecord[] {
  return records.filter((record) => hasHost(record) && record.gone === undefined);
}
