import type { StartCommand } from '../../errors.js';
import { operand } from '../start-command.js';
import type { Machine } from './machine.js';

/** How a machine that is paused goes on. */
export function resumeCommand({ name, scope }: Machine): StartCommand {
  const user = scope === 'user' ? ['--user'] : [];
  return { machine: name, command: ['machinectl', ...user, 'resume', ...operand(name)] };
}
