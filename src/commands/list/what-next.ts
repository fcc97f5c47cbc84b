import { pasteable } from '../../cli/failure.js';
import { printable } from '../../errors.js';
import { goneLine } from '../../hosts/gone.js';
import type { Io } from '../../process/io.js';
import { programInPath } from '../../process/program-in-path.js';
import type { ListedMachine } from '../../sources/merge.js';
import { sourcesToAdd } from '../../sources/outside/shipped.js';
import type { Source } from '../../sources/source.js';
import { withToolFolders } from '../../sources/trusted-path.js';
import type { HostEntry } from '../../ssh/config/state.js';
import { shellOf, shellQuoted } from '../../typed/shell.js';

/** Below a list for a person. `first`: one that runs, while ssh does not know the machines' names; `closed`: one that no route leads into; `written`: the Hosts, of which some may be of no machine any more. */
export function whatNext(
  first: ListedMachine | undefined,
  closed: ListedMachine | undefined,
  written: readonly HostEntry[],
  io: Io,
): string {
  const typed = ({ target }: ListedMachine) => shellQuoted(target, shellOf(io));
  const login = first && [
    ...sourcesToAdd(io),
    `the first login: vmssh setup ${typed(first)}`,
    `if a key of yours is in it: vmssh ssh ${typed(first)}; or vmssh config install, for plain ssh`,
  ];
  const way = closed && [`no way into ${closed.name} yet: vmssh setup ${typed(closed)}`];
  return lines([...(login ?? []), ...(way ?? []), ...goneLine(written)], io);
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
