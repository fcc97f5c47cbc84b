import { checkUserName } from '../../address/user-name.js';
import { nodeFs, processesNamed } from '../processes/processes.js';
import type { Deps } from '../provider.js';
import { type Machine, vmspawn } from './machine.js';

/**
 * The login user of each machine that systemd-vmspawn runs with --bind-user=USER, which puts that user of this host into the
 * machine. machined does not have it, so the command line of systemd-vmspawn is read.
 */
export async function boundUsers(
  machines: readonly Machine[],
  deps: Deps,
): Promise<ReadonlyMap<Machine, string>> {
  const spawned = new Map(
    machines.filter(({ service }) => service === vmspawn).map((machine) => [processOf(machine), machine]),
  );
  // Only these processes are read: one that hangs does not stop a login to another machine.
  const fs = { ...nodeFs, readdir: () => [...spawned.keys()].map(String) };
  const users = new Map<Machine, string>();
  for (const { pid, argv } of await processesNamed(program, { ...deps, memo: undefined }, fs)) {
    const machine = spawned.get(pid);
    const user = boundUser(argv);
    if (machine && user !== undefined) users.set(machine, user);
  }
  return users;
}

const program = new RegExp(`^${vmspawn}$`);

function processOf({ supervisor, leader }: Machine): number | undefined {
  return supervisor ?? leader;
}

/** With several such users, nobody knows which one logs in. */
function boundUser(argv: readonly string[]): string | undefined {
  const end = argv.indexOf('--');
  const options = end < 0 ? argv : argv.slice(0, end);
  const users = options.flatMap((word, i) => {
    if (word === '--bind-user') return options[i + 1] ?? [];
    return word.startsWith('--bind-user=') ? word.slice('--bind-user='.length) : [];
  });
  const [user, ...others] = new Set(users);
  if (user === undefined || others.length > 0) return undefined;
  try {
    return checkUserName(user);
  } catch {
    return undefined;
  }
}
