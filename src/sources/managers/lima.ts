import { dirname, join } from 'node:path';
import type { Deps, DiscoveredMachine, Listing, Status } from '../provider.js';
import type { Source } from '../source.js';
import { operand } from '../start-command.js';
import { isJsonObject } from '../tools/json.js';
import {
  hostAndPort,
  jsonObjects,
  listByUsersTool,
  portOf,
  type RunTool,
  runTool,
  textOf,
} from '../tools/run-tool.js';
import { authorityOf } from '../tools/scope.js';

/** Lima's instances, whose SSH servers are on TCP ports of this host. */
export const lima: Source = {
  name: 'lima',
  title: 'Lima',
  programs: ['limactl'],
  listCommand: 'limactl list',
  list: (deps) => listLima(deps),
  start: ({ name: machine }) => ({ machine, command: ['limactl', 'start', ...operand(machine)] }),
};

export function listLima(deps: Deps, run: RunTool = runTool, uid = process.getuid?.()): Promise<Listing> {
  return listByUsersTool(uid, lima.name, ['limactl', 'list', '--json'], parseLima, deps, run);
}

/** Reads `limactl list --json`: one object per line. */
export function parseLima(text: string): readonly DiscoveredMachine[] {
  return jsonObjects(text).flatMap((instance): DiscoveredMachine[] => {
    const name = textOf(instance, 'name');
    if (name === undefined) return [];
    const port = portOf(instance, 'sshLocalPort');
    const dir = textOf(instance, 'dir');
    const host = textOf(instance, 'sshAddress') ?? '127.0.0.1';
    const config =
      isJsonObject(instance.config) && isJsonObject(instance.config.user) ? instance.config.user : {};
    return [
      {
        name,
        target: `lima/${name}`,
        provider: lima.name,
        authority: authorityOf(),
        status: states.get(textOf(instance, 'status') ?? '') ?? 'unknown',
        address: port === undefined ? undefined : hostAndPort(host, port),
        user: textOf(config, 'name'),
        // Next to the instances' folders; Lima 3 removes the field with this path.
        identityFile: dir === undefined ? undefined : join(dirname(dir), '_config/user'),
      },
    ];
  });
}

const states: ReadonlyMap<string, Status> = new Map([
  ['Running', 'running'],
  ['Stopped', 'off'],
]);
