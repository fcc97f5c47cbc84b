import { shellWord } from '../../address/shell.js';
import { type GuestRoute, type GuestRouteOptions, sshCommand } from './route.js';

/** Whether a script did not run because sudo needs a password or a terminal; sudo-rs has other messages. */
export function sudoAsks(message: string): boolean {
  return /^sudo: .*(password|authentication) is required|^sudo: .*must have a tty/.test(message);
}

/** Leaves the script in the guest, in a file that only its user can read, and prints the path. */
export function leaveScript(options: GuestRouteOptions): GuestRoute {
  const leave = 'echo; umask 077; file=$(mktemp) && cat >"$file" && echo "$file"';
  return {
    name: options.route,
    command: [...sshCommand(options), `sh -c ${shellWord(leave)}`],
    input: options.script,
  };
}

/** Runs that script on a terminal there, where sudo can ask for a password, and removes it. */
export function runLeft(options: GuestRouteOptions, file: string): GuestRoute {
  const run = `file=${shellWord(file)}; trap 'rm -f "$file"' EXIT HUP INT; LC_ALL=C sudo sh "$file"`;
  return {
    name: options.route,
    command: [...sshCommand(options, ['-t']), `sh -c ${shellWord(run)}`],
    input: undefined,
    terminal: true,
  };
}

/** The path that leaveScript printed; undefined if it is none. */
export function leftFile(message: string): string | undefined {
  return /^\/[\w./+-]+$/.exec(message)?.[0];
}
