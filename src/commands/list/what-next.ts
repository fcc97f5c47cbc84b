import { pasteable } from '../../cli/failure.js';
import { printable } from '../../errors.js';
import { goneLine } from '../../hosts/gone.js';
import type { Io } from '../../process/io.js';
import { programInPath } from '../../process/program-in-path.js';
import type { ListedMachine } from '../../sources/merge.js';
import { sourcesToAdd } from '../../sources/outside/shipped.js';
import { isOfOthers, match } from '../../sources/search.js';
import type { Source } from '../../sources/source.js';
import { withToolFolders } from '../../sources/trusted-path.js';
import { concreteHosts } from '../../ssh/config/hosts.js';
import type { HostEntry } from '../../ssh/config/state.js';
import { usersNames } from '../../ssh/taken-names.js';
import { shellOf, shellQuoted } from '../../typed/shell.js';

/** Below a list for a person, while ssh does not know the machines' names: how to log in to one of those that run. */
export async function howToLogIn(
  machines: readonly ListedMachine[],
  running: readonly [ListedMachine, ...ListedMachine[]],
  io: Io,
): Promise<string> {
  const shell = shellOf(io);
  const isPlain = (each: ListedMachine) => !isOfOthers(each) && shellQuoted(each.name, shell) === each.name;
  const { name, target } = running.find(isPlain) ?? running[0];
  // Others may be read as an option, or as a target.
  const taken = await usersNames(io);
  const isName = match(name, machines).length === 1 && !/^-|[/:%]/.test(name) && taken(name) === undefined;
  const typed = shellQuoted(isName ? name : target, shell);
  const { hosts } = concreteHosts(machines, { prefix: '', taken, knownHosts: '' });
  // A machine without a Host (QEMU without -name) is reached by its target, which any ssh takes.
  const host = hosts.find(({ options }) => options.target === target)?.host ?? shellQuoted(target, shell);
  return lines(
    [
      ...sourcesToAdd(io),
      `the first login: vmssh setup ${typed}`,
      `if a key of yours is in it: vmssh ssh ${typed}; or vmssh config install, then ssh ${host}`,
    ],
    io,
  );
}

/** Below a list with a machine that no route leads into. */
export function howToGetIn({ name, target }: ListedMachine, io: Io): string {
  return lines([`no way into ${name} yet: vmssh setup ${shellQuoted(target, shellOf(io))}`], io);
}

/** Below a list: the Hosts of machines that are not in it. */
export function whoIsGone(written: readonly HostEntry[], io: Io): string {
  return lines(goneLine(written), io);
}

/** Below an empty list for a person: which managers are not here, and how a machine gets into the list. */
export function howToGetOne(asked: readonly Source[], io: Io): string {
  const env = withToolFolders(io.env, io.platform);
  const isThere = (program: string) => programInPath(program, env) !== undefined;
  const missing = asked.flatMap(({ title, programs }) =>
    !programs || programs.some(isThere) ? [] : [`${title} (${programs.join(' or ')})`],
  );
  return lines(
    [
      ...sourcesToAdd(io),
      ...(missing.length === 0 ? [] : [`not installed here: ${missing.join(', ')}`]),
      ...(onOthers[io.platform] ?? onLinux),
    ],
    io,
  );
}

const onLinux = [
  'a container is listed once it runs: sudo systemd-nspawn --boot --directory FOLDER',
  'a virtual machine, too: virsh start NAME, or QEMU with -device vhost-vsock-pci,guest-cid=3',
  'a CID needs no list: vmssh ssh root@vsock/CID',
  'is this host ready? vmssh doctor',
];

const onOthers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  win32: [
    'a machine of Hyper-V is listed once it is made, also while it is off',
    'a distribution of WSL is listed once it is installed: wsl --install',
    'is this host ready? vmssh doctor',
  ],
  darwin: [
    'a machine of a manager is listed: limactl start, or podman machine init and podman machine start',
    'any other by its socket: vmssh ssh unix/tmp/mint.sock',
    'is this host ready? vmssh doctor',
  ],
};

function lines(all: readonly string[], io: Io): string {
  return all.map((line) => `${printable(pasteable(line, io))}\n`).join('');
}
