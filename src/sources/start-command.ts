import type { StartCommand } from '../base/errors.js';
import type { Machine } from './machined/machined.js';
import type { ContainerFacts, DiscoveredMachine } from './source.js';
import { atService } from './tools/exec-route.js';

/** A machine's name as the last operand of its manager's command: not even "-f" is read as an option. */
export function operand(name: string): readonly string[] {
  return name.startsWith('-') ? ['--', name] : [name];
}

export function resumeCommand({ name, scope }: Machine): StartCommand {
  const user = scope === 'user' ? ['--user'] : [];
  return { machine: name, command: ['machinectl', ...user, 'resume', ...operand(name)] };
}

/** Open to root only. */
export const imageFolder = '/var/lib/machines';

/** Whether there is an image of a container, which systemd-machined does not know while it is off. */
export function hasImage(name: string, exists: (path: string) => boolean): boolean {
  // What systemd takes for a machine's name: nothing that leads out of the folder.
  if (!/^[a-z0-9_][\w.-]*$/i.test(name) || name.length > 64) return false;
  return [name, `${name}.raw`].some((each) => exists(`${imageFolder}/${each}`));
}

export function startImage(name: string): StartCommand {
  // Not escaped: its template has %i (systemd#3554).
  const log = ['journalctl', '--unit', `systemd-nspawn@${name}.service`];
  return { machine: name, command: ['machinectl', 'start', name], log };
}

export function startContainer(
  { name, status }: DiscoveredMachine,
  { url, ownName = name }: ContainerFacts,
  manager: 'podman' | 'docker',
): StartCommand {
  const verb = status === 'paused' ? 'unpause' : 'start';
  const commandOf = (what: string) => [manager, ...atService(manager, url), what, ...operand(ownName)];
  return { machine: name, command: commandOf(verb), log: commandOf('logs') };
}
