import { shellOf } from '../../address/shell.js';
import { shellQuoted } from '../../address/shell-word.js';
import type { Io } from '../../cli/command.js';
import { pasteable } from '../../cli/message.js';
import { match } from '../../discovery/match.js';
import type { ListedMachine } from '../../discovery/merge.js';
import type { Provider } from '../../discovery/provider.js';
import { withToolFolders } from '../../discovery/tools/tool-folders.js';
import { printable } from '../../errors.js';
import { programInPath } from '../../process/program-in-path.js';
import { concreteHosts } from '../../ssh/config/hosts.js';

/** Below a list for a person, while ssh does not know the machines' names: how to log in to one of those that run. */
export function howToLogIn(
  machines: readonly ListedMachine[],
  running: readonly [ListedMachine, ...ListedMachine[]],
  io: Io,
): string {
  const shell = shellOf(io);
  const { name, target } = running.find((each) => shellQuoted(each.name, shell) === each.name) ?? running[0];
  // Others may be read as an option, or as a target.
  const isName = match(name, machines).length === 1 && !/^-|[/:%]/.test(name);
  const typed = shellQuoted(isName ? name : target, shell);
  const { hosts } = concreteHosts(machines, { prefix: '', taken: new Set(), knownHosts: '' });
  // A machine without a Host (QEMU without -name) is reached by its target, which any ssh takes.
  const host = hosts.find(({ options }) => options.target === target)?.host ?? shellQuoted(target, shell);
  return lines([`log in: vmssh ssh ${typed}; or vmssh config install, then ssh ${host}`], io);
}

/** Below an empty list for a person: which managers are not here, and how a machine gets into the list. */
export function howToGetOne(asked: readonly Provider[], io: Io): string {
  const env = withToolFolders(io.env, io.platform);
  const isThere = (program: string) => programInPath(program, env) !== undefined;
  const absent = asked.filter(({ name }) => programs[name]?.some(isThere) === false);
  const missing = absent.map(({ title, name }) => `${title} (${programs[name]?.join(' or ')})`);
  return lines(
    [
      ...(missing.length === 0 ? [] : [`not installed here: ${missing.join(', ')}`]),
      ...(onOthers[io.platform] ?? onLinux),
    ],
    io,
  );
}

/** The programs of a manager, one of which shows that it is installed. */
const programs: Readonly<Record<string, readonly string[]>> = {
  libvirt: ['virsh'],
  incus: ['incus', 'lxc'],
  lima: ['limactl'],
  multipass: ['multipass'],
  podman: ['podman'],
  docker: ['docker'],
  machined: ['machinectl'],
};

const onLinux = [
  'a container is listed once it runs: sudo systemd-nspawn --boot --directory FOLDER',
  'a virtual machine, too: virsh start NAME, or QEMU with -device vhost-vsock-pci,guest-cid=3',
  'a CID needs no list: vmssh ssh root@vsock/3',
  'is this host ready? vmssh doctor',
];

const onOthers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  win32: [
    'a Hyper-V machine is listed in an elevated terminal, or for the group Hyper-V Administrators',
    'a distribution of WSL is listed once it is installed: wsl --install',
    'is this host ready? vmssh doctor',
  ],
  darwin: [
    'a machine of a manager is listed: limactl start, or podman machine init and podman machine start',
    'one of vfkit too: --device virtio-vsock,port=22,socketURL=/tmp/mint.sock,connect',
    'is this host ready? vmssh doctor',
  ],
};

function lines(all: readonly string[], io: Io): string {
  return all.map((line) => `${printable(pasteable(line, io))}\n`).join('');
}
