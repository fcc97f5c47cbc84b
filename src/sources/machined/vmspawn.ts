import { checkUserName } from '../../typed/names.js';
import { nodeFs, processesNamed } from '../processes/processes.js';
import type { Deps, Status } from '../source.js';
import { type Machine, vmspawn } from './machined.js';
import { call, VarlinkError } from './varlink.js';

/** The login user of each machine that systemd-vmspawn runs with --bind-user=USER, which machined does not have: by its command line. */
export async function boundUsers(
  machines: readonly Machine[],
  deps: Deps,
): Promise<ReadonlyMap<Machine, string>> {
  const ofVmspawn = machines.filter(({ service }) => service === vmspawn);
  const spawned = new Map(ofVmspawn.map((machine) => [machine.supervisor ?? machine.leader, machine]));
  // Only these processes are read: one that hangs does not stop a login to another machine.
  const fs = { ...nodeFs, readdir: () => [...spawned.keys()].map(String) };
  const users = new Map<Machine, string>();
  const processes = await processesNamed(program, { ...deps, memo: undefined }, { fs });
  for (const { pid, argv, authority } of processes) {
    if (authority === 'other') continue;
    const machine = spawned.get(pid);
    const user = boundUser(argv);
    if (machine && user !== undefined) users.set(machine, user);
  }
  return users;
}

const program = new RegExp(`^${vmspawn}$`);

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

/** "paused" if the machine's own control socket says so, which systemd-vmspawn has from 261 on; else "running", as machined has it. */
export async function statusOf(
  { controlAddress }: Machine,
  { signal, timeoutMs = longest }: Deps,
): Promise<Status> {
  if (controlAddress === undefined) return 'running';
  const options = { signal, timeoutMs: Math.min(timeoutMs, longest), limits };
  const ask = (method: string) => call(controlAddress, `io.systemd.MachineInstance.${method}`, {}, options);
  try {
    const [answer] = await ask('Describe').catch((error) => {
      // The name of 261.
      if (error instanceof VarlinkError && error.code.endsWith('.MethodNotFound')) return ask('QueryStatus');
      throw error;
    });
    return answer?.running === false && answer.status === 'paused' ? 'paused' : 'running';
  } catch {
    // Also if the time of the whole list is over: the machine is listed all the same.
    return 'running';
  }
}

/** For a machine's answer, which a login waits for. Milliseconds. */
const longest = 1000;

const limits = { frameBytes: 1 << 16, totalBytes: 1 << 17, replies: 1 };
