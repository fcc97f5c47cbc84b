import { sshPort } from '../address/numbers.js';
import type { Io } from '../cli/command.js';
import { type HostFlags, overTarget } from '../cli/guest.js';
import { reachFlags } from '../cli/shared-options.js';
import { ConnectError } from '../errors.js';
import {
  type GuestRoute,
  type GuestRouteOptions,
  guestRoute,
  sshCommand,
  sudoAsks,
  targetOf,
} from '../guest/run/route.js';
import { cidOf, type ProgressLine, runScript, type ScriptOutcome } from '../guest/run/run-script.js';
import { beforeLoginScript, type TriedLogin } from '../guest/script.js';
import { splitUser } from '../lookup/login.js';
import { type ProgramEnd, runProgram } from '../process/run-program.js';
import { madeKeysOf } from '../ssh/guest-keys.js';
import { checkTarget } from './check-target.js';
import { wrongKeyHint } from './host-key.js';

/** What a guest says of itself before a login is tried. */
interface Guest {
  readonly cid: number | undefined;
  /** Another at each boot: which machine it is. */
  readonly boot: string | undefined;
  /** Who logged in to look; undefined: not by ssh. */
  readonly user: string | undefined;
  /** That login came over a socket without an address: vsock or unix. */
  readonly bySocket: boolean;
  readonly cursor: string;
}

interface LoginOptions {
  readonly account: string;
  readonly port: number;
  /** How this host reaches the guest; undefined: as HOST, or by the CID that the guest reports. */
  readonly target: string | undefined;
}

/** Asks a guest over its route, and changes nothing there. Throws a ConnectError if that fails. */
export async function lookAt(into: HostFlags, io: Io, signal: AbortSignal): Promise<Guest> {
  const { self, platform, env } = io;
  const route = guestRoute({ ...into, script: beforeLoginScript(), needsRoot: false, self, platform });
  const outcome = await runScript(route, { env, signal, onLine: () => {} });
  if (outcome.code === undefined) throw await notRun(into, route, outcome, io, signal);
  const { lines } = outcome;
  const said = (name: string) => lines.find(({ step }) => step === name)?.message;
  return {
    cid: cidOf(lines),
    boot: said('boot'),
    user: isBySsh(into) ? said('user') : undefined,
    bySocket: into.route === 'target' || isUnknown(lines),
    cursor: said('cursor') ?? '',
  };
}

/**
 * Logs in as ssh will: over the socket, with HOST's settings and keys, and without prompts. Changes nothing in the machine
 * that it reaches, which may be another one.
 */
export async function tryLogin(
  into: HostFlags,
  { cid, boot, user, bySocket, cursor }: Guest,
  { account, port, target }: LoginOptions,
  io: Io,
  signal: AbortSignal,
): Promise<TriedLogin> {
  const isOwnRoute = target === undefined && bySocket && port === sshPort;
  const { host } = splitUser(into.host);
  // It was a new connection, unlike one by ssh, which may share one that is open.
  if (isOwnRoute && into.route === 'target' && user === account)
    return { state: 'in', about: `over ${host}`, cursor };
  const to = target ?? targetIn(into.host) ?? (cid === undefined ? undefined : `vsock/${cid}`);
  const isByHost = isOwnRoute && into.route === 'ssh';
  if (to === undefined && !isByHost)
    return notTried('its CID is not known: --target says how this host reaches it');
  const over = isByHost ? { ...into, host: `${account}@${host}` } : overTarget(into, account, to ?? '');
  const by = isByHost ? `by ssh ${host}` : `over ${to}`;
  // At ERROR it does not say that it has no algorithm in common with sshd.
  const options = { ...over, port, self: io.self, platform: io.platform, logLevel: 'INFO' } as const;
  const ssh = sshCommand(options, ['-o', 'BatchMode=yes', '-o', 'ControlPath=none']);
  const end = await runProgram([...ssh, `cat ${bootFile}`], {
    env: io.env,
    signal,
    timeoutMs: loginTimeoutMs,
    longest: 1 << 16,
  }).catch((error: Error) => ({ code: null, stdout: '', stderr: error.message }));
  const { code, stdout, stderr } = end;
  signal.throwIfAborted();
  // What was typed has to work; the CID that the guest reports is a guess.
  const isGuess = target === undefined && targetIn(into.host) === undefined && !isByHost;
  const unproved = (why: string): TriedLogin =>
    isGuess
      ? notTried(`${why}; --target says how this host reaches it`)
      : { state: 'not proved', about: why, cursor };
  const unreached = stderr.split('\n').find((line) => line.startsWith(`${io.program}: `));
  if (unreached !== undefined) return unproved(unreached.slice(io.program.length + 2).trim());
  if (/^Host key verification failed\.\r?$/m.test(stderr))
    return unproved(`ssh does not accept the host key there (${by})`);
  const found = stdout.trim().split('\n').pop()?.trim() ?? '';
  const isBoot = code === 0 && /^[0-9a-f-]{36}$/.test(found);
  if (isBoot && boot !== undefined && found !== boot) return unproved(`another machine answers (${by})`);
  if (isBoot) return { state: 'in', about: by, cursor };
  const why = whyEnded(end);
  if (code === null || code === 255) return { state: 'refused', about: `${by}: ${why}`, cursor };
  const how = code === 0 ? 'without running its command' : `with ${code}`;
  const said = why.startsWith('ssh ended with ') ? '' : `, and says: ${why}`;
  return { state: 'ended', about: `${by}: ssh ended ${how}${said}`, cursor };
}

const bootFile = '/proc/sys/kernel/random/boot_id';

function notTried(about: string): TriedLogin {
  return { state: 'not tried', about };
}

function targetIn(host: string): string | undefined {
  return targetOf(host) === undefined ? undefined : splitUser(host).host;
}

function isBySsh({ route }: HostFlags): boolean {
  return route === 'ssh' || route === 'target';
}

/** SSH_CONNECTION of a connection without an address. */
function isUnknown(lines: readonly ProgressLine[]): boolean {
  return lines.some(({ step, message }) => step === 'peer' && message.startsWith('UNKNOWN '));
}

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
  const problem = `the script did not run there: ${withoutHostName(message) || `${program} said nothing`}`;
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
    return 'there is no sudo: log in as root, or save the output of vmssh guest print there and run it with su';
  }
  if (sudoAsks(message)) {
    return 'sudo needs a password: run this in a terminal, where it can be typed; or log in as root; or save the output of vmssh guest print there and run it with sudo';
  }
  if (/incorrect (password|authentication)|not in the sudoers|not allowed to (execute|run)/.test(message)) {
    return 'sudo refused this account or its password: log in as root, or as an account that may use sudo';
  }
  if (route.name === 'machinectl')
    return 'see machinectl list; machinectl shell works for containers, not for VMs';
  if (route.name === 'wsl') return 'see wsl.exe --list --verbose';
  return "check that this route works by itself; --ssh-config FILE sets ssh's configuration, --route another route";
}

/** For a login. Milliseconds. */
export const loginTimeoutMs = 60_000;

/** Why ssh, at LogLevel INFO, ended without a login: the last line that says so; never empty, at most 500 characters. */
export function whyEnded({
  code,
  stdout,
  stderr,
  stopped,
}: Pick<ProgramEnd, 'code' | 'stdout' | 'stderr' | 'stopped'>): string {
  const late = stopped === 'timeout' ? `it did not end within ${loginTimeoutMs / 1000} s` : undefined;
  // What runs in a terminal says everything on stdout, and so does nologin.
  const message = lastLine(stderr.replace(notReason, '')) ?? late ?? lastLine(stdout);
  return (message && withoutHostName(message)) ?? `ssh ended with ${code ?? 'a signal'}`;
}

/** A message of ssh without its HostName, which is not where it went: for a multiplexer it is 127.0.0.1. */
function withoutHostName(message: string): string {
  return message.replace(/^\S+@\S+: (?=Permission denied)/, '');
}

/** What ssh says at each login with these options, and after each. */
const notReason = /^(Warning: Permanently added .*|Connection to .* closed\.)\r?$/gm;

/** The end of a line that is too long: before it a machine may have printed a banner without a line end. */
function lastLine(text: string): string | undefined {
  return text.trim().split('\n').pop()?.trim().slice(-500) || undefined;
}
