import { join } from 'node:path';
import type { StartCommand } from '../../errors.js';
import { configFolder } from '../config-folder.js';
import { findContainer } from '../containers/find-container.js';
import { type DiscoveredContainer, withOwnTargets } from '../containers/list-containers.js';
import { listPodmanContainers } from '../containers/podman-containers.js';
import { startContainer } from '../containers/start-container.js';
import {
  type Deps,
  type DiscoveredMachine,
  type Listing,
  type Manager,
  serviceLimitMs,
} from '../provider.js';
import { operand } from '../start-command.js';
import { exists } from '../tools/exists.js';
import { jsonObjects, listByUsersTool, portOf, textOf } from '../tools/json-tool.js';
import { type RunTool, runTool } from '../tools/run-tool.js';

/** Podman's containers, and its machines, whose SSH servers are on TCP ports of this host. */
export const podman: Manager = {
  name: 'podman',
  title: 'Podman',
  platforms: ['linux', 'darwin'],
  limitMs: serviceLimitMs,
  listCommand: 'podman ps --all',
  list: (deps) => listAllOfPodman(deps),
  find: (name, deps) => findContainer(name, (wanted) => listAllOfPodman(wanted), deps),
  start: (machine) =>
    machine.container ? startContainer(machine, machine.container, 'podman') : startMachine(machine),
};

/** A machine has its name before a container has it. On a Mac the containers are in a machine. */
export async function listAllOfPodman(
  deps: Deps,
  machines: (deps: Deps) => Promise<Listing> = listPodman,
  containers: (deps: Deps) => Promise<Listing<DiscoveredContainer>> = listPodmanContainers,
): Promise<Listing> {
  const { platform = process.platform } = deps;
  const isLinux = platform === 'linux';
  const [own, inside] = await Promise.all([
    isLinux && !(await hasMachines(deps)) ? nothing : machines(deps),
    isLinux ? containers(deps) : nothing,
  ]);
  const taken = own.found.map(({ name }) => name);
  return {
    found: [...own.found, ...withOwnTargets(inside.found, taken)],
    warnings: [...own.warnings, ...inside.warnings],
  };
}

function startMachine({ name: machine }: DiscoveredMachine): StartCommand {
  return { machine, command: ['podman', 'machine', 'start', ...operand(machine)] };
}

const nothing: Listing<never> = { found: [], warnings: [] };

/** Asking `podman machine` takes a process, and makes its folders. */
async function hasMachines({ env }: Deps): Promise<boolean> {
  const { HOME } = env;
  if (!HOME) return false;
  return exists(join(configFolder(env, HOME), 'containers/podman/machine'));
}

export function listPodman(deps: Deps, run: RunTool = runTool, uid = process.getuid?.()): Promise<Listing> {
  const command = ['podman', 'machine', 'list', '--format', 'json'];
  return listByUsersTool(uid, podman.name, command, parsePodman, deps, run);
}

/** Reads `podman machine list --format json`. */
export function parsePodman(text: string): readonly DiscoveredMachine[] {
  return jsonObjects(text).flatMap((machine): DiscoveredMachine[] => {
    const name = textOf(machine, 'Name');
    if (name === undefined) return [];
    const port = portOf(machine, 'Port');
    return [
      {
        name,
        target: `podman/${name}`,
        provider: podman.name,
        status: machine.Starting === true ? 'starting' : machine.Running === true ? 'running' : 'off',
        address: port === undefined ? undefined : `127.0.0.1:${port}`,
        user: textOf(machine, 'RemoteUsername'),
        identityFile: textOf(machine, 'IdentityPath'),
      },
    ];
  });
}
