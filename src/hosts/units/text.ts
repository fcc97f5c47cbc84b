import type { Io } from '../../cli/command.js';
import { printable } from '../../errors.js';
import { signed } from '../../ssh/config/file.js';

/** What of the environment leads to machines: a user's systemd has its own PATH. */
const variables = [
  ...['PATH', 'LIMA_HOME', 'INCUS_CONF', 'INCUS_DIR', 'INCUS_SOCKET', 'LXD_DIR'],
  ...['DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CONTEXT', 'CONTAINER_HOST'],
];

/** A unit's file, signed like the file for ssh. */
export function unitText(lines: readonly string[]): string {
  return signed(`${lines.join('\n')}\n`);
}

/** The lines of a [Service] that starts this program where it finds the machines that it finds now. Throws a RangeError. */
export function serviceOf(command: readonly string[], env: Io['env']): readonly string[] {
  const set = variables.flatMap((name) => (env[name] ? [`Environment=${word(`${name}=${env[name]}`)}`] : []));
  return [...set, `ExecStart=${start(command)}`];
}

// systemd takes no path with special characters for a program, but does for its arguments; ":" leaves "$" as it is
// (systemd.service(5)).
function start(command: readonly string[]): string {
  const words = command.map(word).join(' ');
  return words.includes('"') ? `:/bin/sh -c 'exec "$0" "$@"' ${words}` : words;
}

/** A word of a unit's line (systemd.syntax(7)). */
function word(text: string): string {
  const plain = unitPath(text);
  return /^[\w@+=:,./%-]+$/.test(plain) ? plain : `"${plain.replaceAll(/["\\]/g, (c) => `\\${c}`)}"`;
}

/** The rest of a line, such as a path. Throws a RangeError if it is not possible in a unit. */
export function unitPath(text: string): string {
  if (!/\p{Cc}/u.test(text)) return text.replaceAll('%', '%%');
  throw new RangeError(`text with control characters cannot be written to a unit: ${printable(text)}`);
}
