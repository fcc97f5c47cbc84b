import { type Route, routeBy } from '../../route.js';
import { hasControlCharacter } from '../../target/names.js';
import { sshPort } from '../../target/numbers.js';

/** A manager whose own command starts a program in a running machine. */
export type ExecManager = 'podman' | 'docker' | 'incus' | 'lxd' | 'nspawn' | 'kubectl';

/** Where the manager has the machine, if not where it looks by itself. */
export interface ExecPlace {
  /** A connection of Podman, a context of Docker or kubectl, a remote of Incus or LXD. */
  readonly remote?: string;
  /** The address of Podman's or Docker's service: "unix:///run/podman/podman.sock". */
  readonly url?: string;
  /** A namespace of kubectl, a project of Incus or LXD. */
  readonly namespace?: string;
  /** One of a pod's containers. */
  readonly container?: string;
}

/** The route by a manager's command, which starts sshd in a machine; undefined if it could take the name for an option. */
export function execRoute(manager: ExecManager, machine: string, place: ExecPlace = {}): Route | undefined {
  const command = execCommand(manager, machine, place);
  if (command === undefined) return undefined;
  const user = manager === 'kubectl' ? "the container's user" : 'its root';
  return routeBy({ family: 'exec', command, machine, into: 'shell', port: sshPort }, [
    `${command[0]} starts sshd in it as ${user}`,
  ]);
}

/** What starts a program in a machine, which is named after these words; undefined if it could take the name for an option. */
export function execCommand(
  manager: ExecManager,
  machine: string,
  place: ExecPlace = {},
): readonly [string, ...string[]] | undefined {
  if (machine === '' || machine.startsWith('-') || hasControlCharacter(machine)) return undefined;
  return commands[manager](machine, place);
}

/** The route by a command that connects to a port of a machine; the last of its words is the port, 22. */
export function execToPort(command: readonly string[], machine: string): Route {
  return routeBy({ family: 'exec', command, machine, into: 'port', port: sshPort }, [
    `${command[0]} connects to its port ${sshPort}`,
  ]);
}

// Each value stands in the same word as its option, or after "--", so that none is taken for an option.
const commands: Readonly<
  Record<ExecManager, (machine: string, place: ExecPlace) => readonly [string, ...string[]]>
> = {
  podman: (machine, { remote, url }) =>
    ofEngine('podman', [...optionWith('connection', remote), ...optionWith('url', url)], machine),
  docker: (machine, { remote, url }) =>
    ofEngine('docker', [...optionWith('context', remote), ...optionWith('host', url)], machine),
  incus: (machine, place) => ofIncus('incus', machine, place),
  lxd: (machine, place) => ofIncus('lxc', machine, place),
  nspawn: (machine) => [
    'systemd-run',
    `--machine=${machine}`,
    ...['--pipe', '--quiet', '--collect', '--service-type=exec', '--no-ask-password', '--'],
  ],
  kubectl: (machine, { remote, namespace, container }) => [
    'kubectl',
    ...optionWith('context', remote),
    ...optionWith('namespace', namespace),
    ...['exec', '--stdin', `pod/${machine}`],
    ...optionWith('container', container),
    '--',
  ],
};

function ofEngine(
  program: 'podman' | 'docker',
  place: readonly string[],
  machine: string,
): readonly [string, ...string[]] {
  return [program, ...place, 'exec', '--interactive', '--user=0', '--', machine];
}

function ofIncus(
  program: 'incus' | 'lxc',
  machine: string,
  { remote, namespace }: ExecPlace,
): readonly [string, ...string[]] {
  const name = remote === undefined ? machine : `${remote}:${machine}`;
  return [program, 'exec', ...optionWith('project', namespace), '--mode=non-interactive', name, '--'];
}

function optionWith(option: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`--${option}=${value}`];
}
