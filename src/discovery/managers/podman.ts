import type { Deps, DiscoveredMachine, Listing, Manager } from '../provider.js';
import { operand } from '../start-command.js';
import { jsonObjects, listByUsersTool, portOf, textOf } from '../tools/json-tool.js';
import { type RunTool, runTool } from '../tools/run-tool.js';

/** Podman's machines, whose SSH servers are on TCP ports of this host. */
export const podman: Manager = {
  name: 'podman',
  title: 'Podman',
  platforms: ['linux', 'darwin'],
  listCommand: 'podman machine list',
  list: (deps) => listPodman(deps),
  start: ({ name: machine }) => ({ machine, command: ['podman', 'machine', 'start', ...operand(machine)] }),
};

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
