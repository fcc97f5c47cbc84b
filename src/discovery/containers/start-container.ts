import type { StartCommand } from '../../errors.js';
import type { ContainerFacts, DiscoveredMachine } from '../provider.js';
import { operand } from '../start-command.js';

/** How a container is started by its manager, or one that is paused goes on. */
export function startContainer(
  { name, status }: Pick<DiscoveredMachine, 'name' | 'status'>,
  { url }: ContainerFacts,
  manager: 'podman' | 'docker',
): StartCommand {
  const option = manager === 'podman' ? 'url' : 'host';
  const place = url === undefined ? [] : [`--${option}=${url}`];
  const verb = status === 'paused' ? 'unpause' : 'start';
  return { machine: name, command: [manager, ...place, verb, ...operand(name)] };
}
