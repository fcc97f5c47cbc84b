import { exitCode } from '../../base/errors.js';
import { groupBy } from '../../base/group-by.js';
import { usersNames } from '../../book/taken-names.js';
import { type Command, flag, positionals, type Read, readAll, textOption, usage } from '../../cli/command.js';
import { formatJson } from '../../cli/json.js';
import { complain } from '../../cli/rows.js';
import { runningOption } from '../../cli/shared-options.js';
import { concreteHosts, leftLines } from '../../hosts/hosts.js';
import { prefixOption } from '../../hosts/options.js';
import type { ConcreteHost } from '../../hosts/text.js';
import { findMachines } from '../../machines/find-machines.js';
import { type ViaHosts, viaHosts, viaHostsOptions } from '../../machines/hypervisors.js';
import { mayRun } from '../../machines/listed.js';
import type { Io } from '../../process/io.js';
import { everySshAbilities } from '../../process/ssh-program.js';
import { shownWarnings } from '../../sources/list-all.js';
import type { ListedMachine } from '../../sources/merge.js';
import { callerForSsh } from '../../ssh/config/caller.js';
import { type Caller, type HostOptions, hostOptions } from '../../ssh/config/host-options.js';
import { knownHostsFile } from '../../ssh/folder.js';
import { shellQuoted } from '../../typed/shell.js';

const listOption = flag({ long: 'list', summary: 'all machines: the default, as Ansible calls it' });
const own = {
  host: textOption({
    long: 'host',
    value: 'NAME',
    summary: 'only the variables of this machine; {} if there is none',
  }),
  runningOnly: runningOption,
  prefix: prefixOption,
};

export const inventory: Command<Read<typeof own> & { readonly via: ViaHosts | undefined }> = {
  name: 'inventory',
  summary: 'print the machines as an inventory for Ansible',
  usage: '',
  details: `The groups are provider_NAME, status_NAME and host_NAME: host_localhost for this host. Ansible's own ssh connection reaches them, with the same options as Hosts of config install.
A source or a hypervisor that fails gives a warning on stderr. A machine with {{ in its name is left out.`,
  options: [listOption, ...Object.values(own), ...viaHostsOptions],
  exclusive: [[listOption, own.host]],
  examples: {
    'printf \'#!/bin/sh\\nexec vmssh inventory "$@"\\n\' > machines; chmod +x machines':
      'a script that Ansible can run',
    'ansible -i machines all -m ping': 'run Ansible with it',
  },

  parse(raw) {
    positionals(raw, 0, 0, 'no argument');
    return { ...readAll(raw, own), via: viaHosts(raw) };
  },

  async run({ host, runningOnly, prefix = '', via }, io) {
    const { machines, warnings } = await findMachines(io, via);
    for (const { provider, problem } of shownWarnings(warnings))
      await complain(`warning: ${provider}: ${problem}`, undefined, io);
    const wanted = machines.filter((machine) => !runningOnly || mayRun(machine));
    const result = await inventoryFor(wanted, prefix, io);
    const { hostvars } = result._meta;
    const answer = host === undefined ? result : Object.hasOwn(hostvars, host) ? hostvars[host] : {};
    io.out(formatJson(answer));
    return exitCode.ok;
  },
};

async function inventoryFor(all: readonly ListedMachine[], prefix: string, io: Io) {
  const refused = all.flatMap((machine) => {
    const why = refusedByAnsible(machine);
    return why === undefined ? [] : [{ name: machine.name, why }];
  });
  const machines = all.filter((machine) => refusedByAnsible(machine) === undefined);
  const byTarget = new Map(machines.map((machine) => [machine.target, machine]));
  const naming = { prefix, taken: await usersNames(io), knownHosts: knownHostsFile(io.env), dots: true };
  const { hosts, left } = concreteHosts(machines, naming);
  for (const line of leftLines([...refused, ...left]))
    io.err(`${io.program}: not in the inventory: ${line}\n`);
  const named = hosts.flatMap((host): readonly InventoryHost[] => {
    const machine = byTarget.get(host.options.target ?? '');
    return machine ? [{ machine, host }] : [];
  });
  // As ssh by the lines of config install: another machine of a name is refused.
  const [self, abilities] = await Promise.all([callerForSsh(io), everySshAbilities(io)]);
  return usage(() => inventoryOf(named, { ...self, ...abilities }));
}

type HostVars = Readonly<Record<string, string | number | undefined>>;

type Inventory = Readonly<Record<string, { readonly hosts?: readonly string[] }>> & {
  readonly _meta: { readonly hostvars: Readonly<Record<string, HostVars>> };
};

interface InventoryHost {
  readonly machine: ListedMachine;
  readonly host: ConcreteHost;
}

/** All machines for Ansible, by source, status and hypervisor. Throws a RangeError for what ssh cannot take. */
export function inventoryOf(hosts: readonly InventoryHost[], caller: Caller): Inventory {
  const memberships = hosts.flatMap(({ machine, host: { host } }) =>
    groupsOf(machine).map((group) => ({ group, host })),
  );
  const groups = groupBy(memberships, ({ group }) => group);
  const named = [...groups].map(([name, all]) => [name, { hosts: all.map(({ host }) => host) }] as const);
  const hostvars = Object.fromEntries(
    hosts.map(({ machine, host }) => [host.host, varsOf(machine, host, caller)]),
  );
  // The answer to --list: https://docs.ansible.com/ansible/latest/dev_guide/developing_inventory.html.
  const all = { children: ['ungrouped', ...groups.keys()] };
  return { all, ...Object.fromEntries(named), _meta: { hostvars } } as Inventory;
}

/** Why Ansible must not get a machine; undefined: it may. Ansible would run text from others as a template. */
export function refusedByAnsible(machine: ListedMachine): string | undefined {
  return /\{[{%#]/.test(JSON.stringify(machine))
    ? 'Ansible would run a template in its variables'
    : undefined;
}

/** Ansible takes letters, digits and "_" in the name of a group. */
function groupsOf({ provider, status, via = 'localhost' }: ListedMachine): readonly string[] {
  return [`provider_${provider}`, `status_${status}`, `host_${via}`].map((name) =>
    name.replaceAll(/\W/g, '_'),
  );
}

function varsOf(machine: ListedMachine, { options, host }: ConcreteHost, caller: Caller): HostVars {
  const { name, target, provider, status, uuid, cid, via, user, identityFile } = machine;
  const ours = { ...options, ...caller, user: undefined, identityFile: undefined };
  return {
    // Any host will do, since the proxy has the target; ssh keeps its control socket by this name.
    ansible_host: host,
    ansible_connection: 'ssh',
    ansible_user: user,
    ansible_ssh_private_key_file: identityFile,
    ansible_ssh_common_args: sshArguments(ours),
    vmssh_name: name,
    vmssh_target: target,
    vmssh_provider: provider,
    vmssh_status: status,
    vmssh_via: via,
    vmssh_uuid: uuid,
    vmssh_cid: cid,
  };
}

/** Words as Ansible splits them: by the rules of a POSIX shell. */
function sshArguments(options: HostOptions): string {
  return hostOptions(options)
    .flatMap(([keyword, value]) => ['-o', shellQuoted(`${keyword}=${value}`)])
    .join(' ');
}
