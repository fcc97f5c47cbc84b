import type { StartCommand } from '../../errors.js';
import type { ContainerFacts, DiscoveredMachine } from '../provider.js';
import { operand } from '../start-command.js';

/** How a container is started by its manager, or one that is paused goes on. */
export function startContainer(
  { name, status }: Pick<DiscoveredMachine, 'name' | 'status'>,
  { tool }: ContainerFacts,
): StartCommand {
  const verb = status === 'paused' ? 'unpause' : 'start';
  return { machine: name, command: [...tool, verb, ...operand(name)] };
}
