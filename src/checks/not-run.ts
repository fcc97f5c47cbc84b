import type { Io } from '../cli/command.js';
import { reachFlags } from '../cli/shared-options.js';
import { ConnectError } from '../errors.js';
import { madeKeysOf } from '../guest/credentials/made-key.js';
import type { GuestRoute, GuestRouteOptions } from '../guest/run/route.js';
import type { ScriptOutcome } from '../guest/run/run-script.js';
import { sudoAsks } from '../guest/run/sudo.js';
import { splitUser } from '../lookup/login.js';
import { checkTarget } from './check-target.js';
import { wrongKeyHint } from './host-key.js';

/**
 * Why a script did not finish in the guest. ssh only says that its proxy closed the connection, so a target is tried
 * again without ssh.
 */
export async function notRun(
  { host, port }: Pick<GuestRouteOptions, 'host' | 'port'>,
  route: GuestRoute,
  { lines, message, isMissing }: ScriptOutcome,
  io: Io,
  signal: AbortSignal,
): Promise<ConnectError> {
  if (signal.aborted)
    return new ConnectError('connect', host, { code: 'INTERRUPTED', problem: 'interrupted' });
  if (route.name === 'target' && lines.length === 0) {
    const { user = 'root', host: target } = splitUser(host);
    const flags = reachFlags({ positionals: [], options: {} });
    const { error, stages } = await checkTarget(target, { ...flags, port, user }, io, signal);
    if (error && (error.op !== 'handshake' || error.code === 'NO_BANNER')) return error;
    if (stages.some(({ found }) => found.includes('OpenSSH_for_Windows'))) return isWindows(host);
  }
  if (route.name === 'ssh' && lines.length === 0 && windowsShell.test(message)) return isWindows(host);
  const made = message.includes('Host key verification failed')
    ? madeKeysOf(splitUser(host).host, io.env)
    : undefined;
  const [program = ''] = route.command;
  const hint = isMissing
    ? `the program ${program} is not installed here`
    : made
      ? wrongKeyHint(made.name, io)
      : hintFor(route, message);
  const problem = `the script did not run there: ${message || `${program} said nothing`}`;
  return new ConnectError('connect', host, { code: 'NOT_RUN', problem, hint });
}

/** The last line of cmd, PowerShell 5 and PowerShell 7 without a program sh, in English. */
const windowsShell =
  /^operable program or batch file\.$|FullyQualifiedErrorId : CommandNotFoundException$|^Check the spelling of the name, or if a path was included/;

function isWindows(host: string): ConnectError {
  return new ConnectError('connect', host, {
    code: 'NOT_RUN',
    problem: 'the script did not run there: it is a Windows machine, and the script needs a POSIX sh',
    hint: 'Windows sshd listens on TCP only; how to reach it over a Hyper-V socket is in docs/guest.md, "Windows guests"',
  });
}

function hintFor(route: GuestRoute, message: string): string {
  if (/sudo.*(not found|No such file)/.test(message)) {
    return 'there is no sudo: log in as root, or save the output of vmssh guest script there and run it with su';
  }
  if (sudoAsks(message)) {
    return 'sudo needs a password: run this in a terminal, where it can be typed; or log in as root; or save the output of vmssh guest script there and run it with sudo';
  }
  if (/incorrect (password|authentication)|not in the sudoers|not allowed to (execute|run)/.test(message)) {
    return 'sudo refused this account or its password: log in as root, or as an account that may use sudo';
  }
  if (route.name === 'machinectl')
    return 'see machinectl list; machinectl shell works for containers, not for VMs';
  if (route.name === 'wsl') return 'see wsl.exe --list --verbose';
  return "check that this route works by itself; --ssh-config FILE sets ssh's configuration, --route another route";
}
