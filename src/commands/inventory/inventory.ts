import type { Command, Io } from '../../cli/command.js';
import { jsonText } from '../../cli/json.js';
import { flag, textOption } from '../../cli/option.js';
import { positionals } from '../../cli/values.js';
import type { ListedMachine } from '../../discovery/merge.js';
import { exitCode, printable, quote } from '../../errors.js';
import { findMachines } from '../../machines/find-machines.js';
import { type ViaHosts, viaHosts, viaHostsOptions } from '../../machines/hypervisors.js';
import { mayRun, runningOption } from '../../machines/shown.js';
import { callerForSsh } from '../../ssh/config/caller.js';
import { concreteHosts } from '../../ssh/config/hosts.js';
import { readState } from '../../ssh/config/state.js';
import { knownHostsFile, writtenStateFile } from '../../ssh/known-hosts-file.js';
import { portIn } from '../../ssh/written-port.js';
import { type Inventory, type InventoryHost, inventoryOf, refusedByAnsible } from './ansible.js';

export interface InventoryOptions {
  /** Only the variables of this host. */
  readonly host: string | undefined;
  readonly runningOnly: boolean;
  readonly via: ViaHosts | undefined;
}

const listOption = flag({ long: 'list', summary: 'all machines: the default, as Ansible calls it' });
const hostOption = textOption({
  long: 'host',
  value: 'NAME',
  summary: 'only the variables of this machine; {} if there is none',
});

/** vmssh inventory: the machines as a dynamic inventory of Ansible. */
export const inventory: Command<InventoryOptions> = {
  name: 'inventory',
  summary: 'print the machines as an inventory for Ansible',
  usage: '',
  details: `The groups are provider_NAME, status_NAME and host_NAME: host_localhost for this host. Ansible's own ssh connection reaches them, with the same options as Hosts of config install.
A provider or a hypervisor that fails gives a warning on stderr. A machine with {{ in its name is left out.`,
  options: [listOption, hostOption, runningOption, ...viaHostsOptions],
  exclusive: [[listOption, hostOption]],
  examples: [
    {
      line: 'printf \'#!/bin/sh\\nexec vmssh inventory --running --via hv1 "$@"\\n\' > machines; chmod +x machines',
      about: 'a script that Ansible can run',
    },
    { line: 'ansible -i machines all -m ping', about: 'run Ansible with it' },
  ],

  parse(raw) {
    positionals(raw, 0, 0, 'no argument');
    return { host: hostOption.read(raw), runningOnly: runningOption.read(raw), via: viaHosts(raw) };
  },

  async run({ host, runningOnly, via }, io) {
    const { machines, warnings } = await findMachines(io, via);
    for (const { provider, problem } of warnings)
      io.err(`${io.program}: warning: ${provider}: ${printable(problem)}\n`);
    const found = await inventoryFor(
      machines.filter((machine) => !runningOnly || mayRun(machine)),
      io,
    );
    const { hostvars } = found._meta;
    const answer = host === undefined ? found : Object.hasOwn(hostvars, host) ? hostvars[host] : {};
    io.out(jsonText(answer));
    return exitCode.ok;
  },
};

async function inventoryFor(all: readonly ListedMachine[], io: Io): Promise<Inventory> {
  const refused = all.flatMap((machine) => {
    const why = refusedByAnsible(machine);
    return why === undefined ? [] : [{ name: machine.name, why }];
  });
  const machines = all.filter((machine) => refusedByAnsible(machine) === undefined);
  const byTarget = new Map(machines.map((machine) => [machine.target, machine]));
  const naming = { prefix: '', taken: new Set<string>(), knownHosts: knownHostsFile(io.env), dots: true };
  const { hosts, left } = concreteHosts(machines, naming);
  const written = await readState(writtenStateFile(io.env));
  for (const { name, why } of [...refused, ...left])
    io.err(`${io.program}: not in the inventory: ${quote(name)}: ${printable(why)}\n`);
  const named = hosts.flatMap((host): readonly InventoryHost[] => {
    const machine = byTarget.get(host.options.target ?? '');
    if (!machine) return [];
    // The name for ssh may be one of that Host.
    const options = { ...host.options, loopback: portIn(written, machine.target) };
    return [{ machine, host: { ...host, options } }];
  });
  return inventoryOf(named, await callerForSsh(io));
}
