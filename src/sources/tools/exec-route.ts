import { hasControlCharacter } from '../../typed/names.js';
import { sshPort } from '../../typed/numbers.js';
import { type Route, routeBy } from '../../typed/route.js';

/** The words of a manager's own command up to those of a program that it starts in a running machine. */
export type ExecWords = readonly [string, ...string[]];

/** The words, with each value in the word of its option or after "--"; undefined if the name could be taken for an option. */
export function execWords(machine: string, ...words: ExecWords): ExecWords | undefined {
  return machine === '' || machine.startsWith('-') || hasControlCharacter(machine) ? undefined : words;
}

/** The routes by such a command, which starts sshd in a machine; none without it. */
export function execRoutes(
  command: ExecWords | undefined,
  machine: string,
  user = 'its root',
): readonly Route[] {
  if (command === undefined) return [];
  const step = `${command[0]} starts sshd in it as ${user}`;
  return [routeBy({ family: 'exec', command, machine, into: 'shell', port: sshPort }, [step])];
}

/** The route by a command that connects to a port of a machine; the last of its words is the port, 22. */
export function execToPort(command: readonly string[], machine: string): Route {
  const step = `${command[0]} connects to its port ${sshPort}`;
  return routeBy({ family: 'exec', command, machine, into: 'port', port: sshPort }, [step]);
}

export function optionWith(option: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`--${option}=${value}`];
}

/** The words with which `podman` or `docker` asks the service at an address, wherever a variable or file leads it by itself. */
export function atService(program: 'podman' | 'docker', url?: string): readonly string[] {
  // Only Podman on this host has it: one that is led to a service ends with "unknown flag" (cmd/podman/root.go).
  if (url === undefined && program === 'podman') return ['--syslog=false'];
  return optionWith(program === 'podman' ? 'url' : 'host', url);
}
