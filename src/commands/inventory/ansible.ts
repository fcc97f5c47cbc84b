import { shellQuoted } from '../../address/shell-word.js';
import type { ListedMachine } from '../../discovery/merge.js';
import type { Caller, HostOptions } from '../../ssh/config/host-options.js';
import { hostOptions } from '../../ssh/config/host-options.js';
import type { ConcreteHost } from '../../ssh/config/text.js';

/** The answer to --list: https://docs.ansible.com/ansible/latest/dev_guide/developing_inventory.html */
export type Inventory = Readonly<Record<string, InventoryGroup>> & {
  readonly _meta: { readonly hostvars: HostVars };
};

export interface InventoryGroup {
  readonly hosts?: readonly string[];
  readonly children?: readonly string[];
}

export type HostVars = Readonly<Record<string, Readonly<Record<string, string | number>>>>;

/** A machine with its name in the inventory. */
export interface InventoryHost {
  readonly machine: ListedMachine;
  readonly host: ConcreteHost;
}

/** All machines for Ansible, in groups by provider, status and hypervisor. Throws a RangeError for what ssh cannot take. */
export function inventoryOf(hosts: readonly InventoryHost[], caller: Caller): Inventory {
  const groups = new Map<string, string[]>();
  for (const { machine, host } of hosts)
    for (const group of groupsOf(machine)) {
      const members = groups.get(group) ?? [];
      members.push(host.host);
      groups.set(group, members);
    }
  const named = [...groups].map(([name, members]) => [name, { hosts: members }] as const);
  const hostvars = Object.fromEntries(
    hosts.map(({ machine, host }) => [host.host, varsOf(machine, host, caller)]),
  );
  return {
    all: { children: ['ungrouped', ...groups.keys()] },
    ...Object.fromEntries(named),
    _meta: { hostvars },
  } as Inventory;
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

function varsOf(machine: ListedMachine, { options, host }: ConcreteHost, caller: Caller): HostVars[string] {
  const { name, target, provider, status, uuid, cid, via, user, identityFile } = machine;
  const vars = {
    // Any host will do, since the proxy has the target; ssh keeps its control socket by this name.
    ansible_host: host,
    ansible_connection: 'ssh',
    ansible_user: user,
    ansible_ssh_private_key_file: identityFile,
    ansible_ssh_common_args: sshArguments({
      ...options,
      ...caller,
      user: undefined,
      identityFile: undefined,
    }),
    vmssh_name: name,
    vmssh_target: target,
    vmssh_provider: provider,
    vmssh_status: status,
    vmssh_via: via,
    vmssh_uuid: uuid,
    vmssh_cid: cid,
  };
  return Object.fromEntries(
    Object.entries(vars).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/** Words as Ansible splits them: by the rules of a POSIX shell. */
function sshArguments(options: HostOptions): string {
  return hostOptions(options)
    .flatMap(([keyword, value]) => ['-o', shellQuoted(`${keyword}=${value}`)])
    .join(' ');
}
