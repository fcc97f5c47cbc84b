import { formatProgress } from '../cli/guest.js';
import { reachFlags } from '../cli/shared-options.js';
import { ConnectError, printable } from '../errors.js';
import { cidOf, type Finding, findingsOf, type ProgressLine } from '../guest/report.js';
import { beforeLoginScript, type CheckScriptOptions, checkScript } from '../guest/script.js';
import { guestKeysFor } from '../keys/guest-keys.js';
import { lookUp, splitUser } from '../lookup/login.js';
import type { Io } from '../process/io.js';
import { withoutHostName } from '../process/ssh-log.js';
import { now } from '../runtime.js';
import type { Endpoint } from '../typed/route.js';
import { type Shell, shellLine, shellOf, shellQuoted } from '../typed/shell.js';
import {
  type GuestRoute,
  type GuestRouteOptions,
  guestCaller,
  guestRoute,
  type HostFlags,
  leaveScript,
  leftFile,
  runLeft,
  sudoAsks,
} from './route.js';
import {
  closedMessage,
  otherShell,
  type RunScriptOptions,
  runScript,
  type ScriptOutcome,
} from './run-script.js';

/** `settings`: more of ssh's. */
export type Into = HostFlags &
  Pick<GuestRouteOptions, 'port' | 'routes' | 'identityFile'> & { readonly settings?: readonly string[] };

export interface Inside {
  readonly findings: readonly Finding[];
  readonly ok: boolean;
  readonly notRun?: ConnectError;
}

/** What the look inside and the login before it may take together. Milliseconds. */
const lookLimitMs = 60_000;

/** HOST as it is gone into: by exec its manager is looked for, if it was not before. Throws a ConnectError. */
export async function withManager(into: HostFlags, io: Io, signal: AbortSignal): Promise<HostFlags> {
  if (into.route !== 'exec' || into.exec || into.run) return into;
  return (await import('./by-manager.js')).byManager(into, io, signal);
}

/** Logs in to a guest and looks for what keeps sshd from answering; `from`: when the login began. Changes nothing there. */
export async function lookInside(
  into: Into,
  options: CheckScriptOptions,
  io: Io,
  signal: AbortSignal,
  from: number,
): Promise<Inside> {
  // What answers like a server may take all the time of the login.
  const limitMs = Math.max(lookLimitMs / 2, lookLimitMs - (now() - from));
  const { route, outcome } = await run(into, checkScript(options), io, signal, limitMs);
  const { lines, code } = outcome;
  const notRun = code === undefined ? await whyNotRun(into, route, outcome, io, signal) : undefined;
  return { findings: findingsOf(lines), ok: code === 0, notRun };
}

export interface Guest {
  readonly cid: number | undefined;
  /** Another at each boot: which machine it is. */
  readonly boot: string | undefined;
  /** Who logged in to look; undefined: not by ssh. */
  readonly user: string | undefined;
  /** Whether that login came over a socket without an address: vsock or unix. */
  readonly bySocket: boolean;
  readonly cursor: string;
}

/** Asks a guest over its route, and changes nothing there. Throws a ConnectError if that fails. */
export async function lookAt(into: HostFlags, io: Io, signal: AbortSignal): Promise<Guest> {
  const { route, outcome } = await run(into, beforeLoginScript(), io, signal);
  if (outcome.code === undefined) throw await whyNotRun(into, route, outcome, io, signal);
  const { lines } = outcome;
  const said = (name: string) => lines.find(({ step }) => step === name)?.message;
  return {
    cid: cidOf(lines),
    boot: said('boot'),
    user: isBySsh(into) ? said('user') : undefined,
    // SSH_CONNECTION of a connection without an address.
    bySocket: into.route === 'target' || said('peer')?.startsWith('UNKNOWN ') === true,
    cursor: said('cursor') ?? '',
  };
}

/** Runs a script as root in a guest and prints its lines; if sudo asks for a password, it does so on this terminal. */
export type RootRunner = (into: HostFlags, script: string, port?: number) => Promise<ScriptOutcome>;

export async function rootRunner(io: Io, signal: AbortSignal): Promise<RootRunner> {
  const format = await (await import('../cli/rows.js')).rowFormatter(io);
  const { env, terminal } = io;
  const onLine = (line: ProgressLine) => io.out(formatProgress(line, format));
  return async (host, script, port) => {
    const into = await withManager(host, io, signal);
    const options = { ...into, ...(await guestCaller(io, into)), script, port, needsRoot: true };
    const route = guestRoute(options);
    const outcome = await runScript(route, { env: into.env ?? env, signal, onLine });
    if (outcome.code !== undefined) return outcome;
    const mayAsk = isBySsh(into) && terminal.stdin && terminal.stdout;
    if (!mayAsk || !sudoAsks(outcome.message)) throw await whyNotRun(options, route, outcome, io, signal);
    // ssh puts the terminal into raw mode, where a line ends with \r\n.
    const show = (text: string) => io.out(text.replaceAll('\n', '\r\n'));
    const showLine = (line: ProgressLine) => show(formatProgress(line, format));
    return runOnTerminal(options, io, signal, { env, onLine: showLine, onOther: show });
  };
}

/** After Ctrl-C sudo says nothing, or that it needs a password. */
const unanswered = 'sudo ended at its question';

/** Runs a script by sudo, which asks on this terminal. Throws a ConnectError. */
export async function runOnTerminal(
  options: GuestRouteOptions,
  io: Io,
  signal: AbortSignal,
  { env, onLine, onOther }: RunScriptOptions & { onOther(text: string): void },
): Promise<ScriptOutcome> {
  const leave = leaveScript(options);
  const left = await runScript(leave, { env, signal, onLine });
  const file = leftFile(left.message);
  if (file === undefined) throw await whyNotRun(options, leave, left, io, signal);
  const route = runLeft(options, file);
  const show = (text: string) => onOther(text.split('\n').map(printable).join('\n'));
  show(`${options.host} asks:\n`);
  const outcome = await runScript(route, { env, signal, onLine, onOther: show });
  if (outcome.code !== undefined) return outcome;
  const message = sudoAsks(outcome.message) ? unanswered : outcome.message || unanswered;
  throw await whyNotRun(options, route, { ...outcome, message }, io, signal);
}

/** How sshd in the guest sees a connection. */
export function overOf(endpoint: Endpoint | undefined): CheckScriptOptions['over'] {
  if (endpoint?.family === 'exec') return endpoint.into === 'port' ? 'tcp' : 'exec';
  return endpoint?.family === 'unix' || endpoint?.family === 'tcp' ? endpoint.family : 'vsock';
}

async function run(host: Into, script: string, io: Io, signal: AbortSignal, limitMs = lookLimitMs) {
  const into = { ...host, ...(await withManager(host, io, signal)) };
  // A look changes nothing, so a machine without a UUID may be looked at.
  const meant = into.meant && { ...into.meant, unproved: true };
  const options = { ...into, meant, ...(await guestCaller(io, into)), script, needsRoot: false };
  const route = guestRoute(options, host.settings);
  const outcome = await runScript(route, { env: into.env ?? io.env, signal, onLine: () => {}, limitMs });
  refuseOther(into, outcome.lines);
  return { route, outcome };
}

/** Throws a ConnectError if another machine than the one that was meant has run a script. */
export function refuseOther({ host, meant }: HostFlags, lines: readonly ProgressLine[]): void {
  const { message = '' } = lines.find(({ state, step }) => state === 'failed' && step === 'machine') ?? {};
  if (!meant || message === '') return;
  const hint = message.startsWith('another ') ? meant.otherFix : meant.unprovedFix;
  throw new ConnectError('resolve', host, { code: 'OTHER_MACHINE', final: true, problem: message, hint });
}

function isBySsh({ route }: HostFlags): boolean {
  return route === 'ssh' || route === 'target';
}

/** Why a script did not finish in the guest. ssh only says that its proxy closed the connection, so a target is tried again without ssh. */
export async function whyNotRun(
  { host, port }: { readonly host: string; readonly port?: number },
  route: GuestRoute,
  { lines, message, hint: ofProxy, failure }: ScriptOutcome,
  io: Io,
  signal: AbortSignal,
): Promise<ConnectError> {
  if (signal.aborted)
    return new ConnectError('connect', host, { code: 'INTERRUPTED', problem: 'interrupted' });
  if (failure?.code === 'WINDOWS') return isWindows(host);
  if (route.name === 'target' && lines.length === 0 && !message.includes('Permission denied')) {
    const { user = 'root', host: target } = splitUser(host);
    const flags = reachFlags();
    const { checkTarget } = await import('../checks/check-target.js');
    const { error, stages } = await checkTarget(target, { ...flags, port, user }, io, signal);
    if (error && (error.op !== 'handshake' || /^(NO_BANNER|HOST_KEY_.*)$/.test(error.code))) return error;
    if (stages.some(({ found }) => found.includes('OpenSSH_for_Windows'))) return isWindows(host);
  }
  if (route.name === 'ssh' && lines.length === 0 && windowsShell.test(message)) return isWindows(host);
  const made = /Host key verification failed|KnownHostsCommand failed/.test(message)
    ? guestKeysFor({ typed: splitUser(host).host }, io.env)
    : undefined;
  const [program = ''] = route.command;
  const hint = made
    ? (await import('../keys/refusal.js')).explainRefusal(
        'not made',
        { typed: made.name, path: made.knownHosts },
        io,
      ).hint
    : ((await listedFix(host, message, io)) ??
      failure?.hint ??
      ofProxy ??
      hintFor(route, message, shellOf(io)));
  const problem = `the script did not ${lines.length === 0 ? 'run' : 'end'} there: ${withoutHostName(message) || `${program} said nothing`}`;
  return failure?.code === 'NO_AGENT'
    ? new ConnectError('resolve', host, { code: 'NO_EXEC', final: true, problem: failure.message, hint })
    : new ConnectError('connect', host, { code: 'NOT_RUN', problem, hint });
}

async function listedFix(typed: string, message: string, io: Io): Promise<string | undefined> {
  if (!message.includes('Could not resolve hostname')) return undefined;
  const { user, host } = splitUser(typed);
  const found = await lookUp(host, io).catch(() => undefined);
  const quoted = (word: string) => shellQuoted(word, shellOf(io));
  const account = user === undefined ? '' : `--user ${quoted(user)} `;
  return (
    found?.machine && `vmssh list has it, and ssh does not know it yet: vmssh setup ${account}${quoted(host)}`
  );
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

function hintFor(route: GuestRoute, message: string, shell: Shell): string {
  if (/sudo.*(not found|No such file)/.test(message))
    return 'there is no sudo: log in as root, or save the output of vmssh guest print there and run it with su';
  if (sudoAsks(message))
    return 'sudo needs a password: run this in a terminal, where it can be typed; or log in as root; or save the output of vmssh guest print there and run it with sudo';
  if (/incorrect (password|authentication)|not in the sudoers|not allowed to (execute|run)/.test(message))
    return 'sudo refused this account or its password: log in as root, or as an account that may use sudo';
  if (/Permission denied/.test(message))
    return 'it took no key or password that it was given: try again, or name another account';
  if (message === unanswered) return 'run this again';
  if (closedMessage.test(message))
    return 'sshd there, or what is before it, closes connections: too many at once (MaxStartups), a ban (PerSourcePenalties, fail2ban), no host keys, or it is shutting down; its log, on the console, has the reason';
  if (otherShell.test(message))
    return 'a start file of that account, such as ~/.bashrc, goes over to another program before the script begins: let it do so only on a terminal, [ -t 0 ] && exec fish; or name another account';
  if (/Could not resolve hostname/.test(message))
    return 'what vmssh list shows is set up by vmssh setup NAME; HOST is a name that ssh knows, a target without --by ssh, or ssh://USER@HOST:PORT';
  if (route.run) return 'try it again; vmssh guest print prints what to run on its console, as root';
  if (route.name === 'exec')
    return `check that its manager starts a program there: ${shellLine([...route.command.slice(0, -2), 'true'], shell)}`;
  if (route.name === 'wsl') return 'see wsl.exe --list --verbose';
  return 'check that this route works by itself; another TCP port is ssh://USER@HOST:PORT; --by names another way in';
}
