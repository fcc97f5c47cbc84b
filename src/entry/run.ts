import { ConnectError, printable } from '../base/errors.js';
import { now } from '../base/runtime.js';
import { formatProgress, type HostFlags, targetOf } from '../cli/guest.js';
import { reachFlags } from '../cli/shared-options.js';
import { cidOf, type Finding, findingsOf, type ProgressLine } from '../guest/report.js';
import { beforeLoginScript, type CheckScriptOptions, checkScript, onlyIn } from '../guest/script.js';
import { guestKeysFor } from '../keys/guest-keys.js';
import type { Io } from '../process/io.js';
import { withoutHostName } from '../process/ssh-log.js';
import { lookUp, splitUser } from '../reach/login.js';
import { type Shell, shellLine, shellOf, shellQuoted, shellWord } from '../typed/shell.js';
import { type Entry, isBySsh, type LoginEntry, type ManagerEntry, type WslEntry } from './entry.js';
import { closedMessage, otherShell, runScript, type ScriptCall, type ScriptEnd } from './run-script.js';
import { type SshLogin, sshInto } from './ssh-words.js';

/** As whom a login runs a script; a manager goes in as root. "root": by sudo if needed; "account": by sudo if that does not ask; "either": by sudo if it ends with 3. */
export type RunAs = keyof typeof rights;

// The login shell may have printed something without a line end.
const rights = {
  root: 'echo; if [ "$(id -u)" = 0 ]; then exec sh -s; else exec env LC_ALL=C sudo -n sh -s; fi',
  // sudo does not keep SSH_CONNECTION, which says how sshd sees this host.
  account:
    'echo; if [ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null; then exec sudo -n sh -s "$SSH_CONNECTION"; else exec sh -s; fi',
  // What it says first is of no interest then.
  either:
    'echo; script=$(cat); said=$(printf "%s\\n" "$script" | sh -s); if [ $? = 3 ]; then printf "%s\\n" "$script" | LC_ALL=C sudo -n sh -s; else printf "%s\\n" "$said"; fi',
};

export interface RunOptions {
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly as: RunAs;
  readonly onLine?: (line: ProgressLine) => void;
  /** What its program says on stderr, a line each: it may ask. */
  readonly onComplaint?: ((line: string) => void) | undefined;
  /** sudo may ask on this terminal; what is shown there, for which ssh puts it into raw mode. Undefined: it may not. */
  readonly onTerminal?: ((text: string) => void) | undefined;
  /** More of ssh's settings. */
  readonly settings?: readonly string[];
  /** Then it is stopped, and sooner without a first line. Milliseconds. */
  readonly limitMs?: number | undefined;
  readonly firstMs?: number | undefined;
}

/** How a script gets into HOST. Throws a ConnectError if its manager should start it, and starts none. */
export async function entryTo({ by, ...flags }: HostFlags, io: Io, signal: AbortSignal): Promise<Entry> {
  if (by !== 'exec') return { by, ...flags };
  return (await import('./by-manager.js')).byManager(flags, io, signal);
}

/** Runs a script in a machine. Throws a ConnectError if it did not end there. */
export async function runIn(entry: Entry, script: string, options: RunOptions): Promise<ScriptEnd> {
  const end = await tryIn(entry, script, options);
  if (end.code !== undefined) return end;
  if (options.onTerminal && isBySsh(entry) && sudoAsks(end.message))
    return askedOnTerminal(entry, script, { ...options, show: options.onTerminal });
  throw await whyNotRun(entry, end, options.io, options.signal);
}

/** Runs a script in a machine. A script that did not end has no code. */
export async function tryIn(entry: Entry, script: string, options: RunOptions): Promise<ScriptEnd> {
  const { io, as, settings, onLine = () => {}, ...limits } = options;
  const call = isBySsh(entry)
    ? { command: await overSsh(entry, rights[as], io, { settings }), input: script }
    : callFor(entry, script);
  return runScript(call, { ...limits, env: entry.env ?? io.env, onLine });
}

/** The call for a script that runs as root, without a login. */
function callFor(entry: WslEntry | ManagerEntry, script: string): ScriptCall {
  switch (entry.by) {
    case 'wsl': {
      const target = targetOf(entry.host);
      const distro = target?.kind === 'wsl' ? target.name : entry.host;
      return { command: ['wsl.exe', '-d', distro, '-u', 'root', '--', 'sh', '-s'], input: script };
    }
    case 'exec':
    case 'agent': {
      const input = entry.meant ? onlyIn(entry.meant, script) : script;
      if (entry.by === 'agent') return { command: ['/bin/sh', '-s'], input, run: entry.run };
      return { command: [...entry.command, '/bin/sh', '-s'], input };
    }
  }
}

async function overSsh(entry: LoginEntry, script: string, io: Io, { flags = [], settings }: SshLogin = {}) {
  // Without that connection it does not make another one. With ControlMaster=yes it would not use it.
  const only = entry.control === undefined ? [] : ['-o', 'ProxyCommand=false', '-o', 'ControlMaster=no'];
  const command = `sh -c ${shellWord(script)}`;
  return (await sshInto(entry, io)).words({ flags: [...only, ...flags], settings, command });
}

/** Runs a script by sudo, which asks on this terminal: the script is left there first. */
async function askedOnTerminal(
  entry: LoginEntry,
  script: string,
  { io, signal, onLine = () => {}, show }: RunOptions & { show(text: string): void },
): Promise<ScriptEnd> {
  const options = { env: io.env, signal, onLine };
  // In a file that only its user can read; its path is printed.
  const leave = 'echo; umask 077; file=$(mktemp) && cat >"$file" && echo "$file"';
  const leaving = { command: await overSsh(entry, leave, io), input: script, script: '' };
  const left = await runScript(leaving, options);
  const file = leftFile(left.message);
  if (file === undefined) throw await whyNotRun(entry, left, io, signal);
  const run = `file=${shellWord(file)}; trap 'rm -f "$file"' EXIT HUP INT; LC_ALL=C sudo sh "$file"`;
  const call = { command: await overSsh(entry, run, io, { flags: ['-t'] }), input: undefined, script };
  const onOther = (text: string) => show(text.split('\n').map(printable).join('\n'));
  onOther(`${entry.host} asks:\n`);
  const end = await runScript({ ...call, terminal: true }, { ...options, onOther });
  if (end.code !== undefined) return end;
  const message = sudoAsks(end.message) ? unanswered : end.message || unanswered;
  throw await whyNotRun(entry, { ...end, message }, io, signal);
}

export function leftFile(message: string): string | undefined {
  return /^\/[\w./+-]+$/.exec(message)?.[0];
}

/** Runs a script as root and prints its lines; if sudo asks for a password, it does so on this terminal. Throws a ConnectError. */
export async function runAsRoot(
  entry: Entry,
  script: string,
  io: Io,
  signal: AbortSignal,
): Promise<ScriptEnd> {
  const format = await (await import('../cli/rows.js')).rowFormatter(io);
  let isRaw = false;
  // In raw mode a line ends with \r\n.
  const show = (text: string) => io.out(isRaw ? text.replaceAll('\n', '\r\n') : text);
  const onTerminal = (text: string) => {
    isRaw = true;
    show(text);
  };
  const onLine = (line: ProgressLine) => show(formatProgress(line, format));
  const mayAsk = io.terminal.stdin && io.terminal.stdout;
  return runIn(entry, script, {
    ...{ io, signal, as: 'root', onLine },
    onTerminal: mayAsk ? onTerminal : undefined,
  });
}

/** Throws a ConnectError if another machine than the one that was meant has run a script. */
export function refuseOther(entry: Entry, lines: readonly ProgressLine[]): void {
  const { message = '' } = lines.find(({ state, step }) => state === 'failed' && step === 'machine') ?? {};
  const meant = 'meant' in entry ? entry.meant : undefined;
  if (!meant || message === '') return;
  const hint = message.startsWith('another ') ? meant.otherFix : meant.unprovedFix;
  throw new ConnectError('resolve', entry.host, {
    ...{ code: 'OTHER_MACHINE', final: true },
    ...{ problem: message, hint },
  });
}

/** Whether a script did not run because sudo needs a password or a terminal; sudo-rs has other messages. */
export function sudoAsks(message: string): boolean {
  return /^sudo: .*(password|authentication) is required|^sudo: .*must have a tty/.test(message);
}

/** After Ctrl-C sudo says nothing, or that it needs a password. */
const unanswered = 'sudo ended at its question';

/** Why a script did not finish in the guest. ssh only says that its proxy closed the connection, so a target is tried again without ssh. */
export async function whyNotRun(
  entry: Entry,
  { lines, message, hint: ofProxy, failure, program }: ScriptEnd,
  io: Io,
  signal: AbortSignal,
): Promise<ConnectError> {
  const { host } = entry;
  if (signal.aborted)
    return new ConnectError('connect', host, { code: 'INTERRUPTED', problem: 'interrupted' });
  if (failure?.code === 'WINDOWS') return isWindows(host);
  if (entry.by === 'target' && lines.length === 0 && !message.includes('Permission denied')) {
    const { user = 'root', host: target } = splitUser(host);
    const { checkTarget } = await import('../checks/check-target.js');
    const { error, stages } = await checkTarget(
      target,
      { ...reachFlags(), port: entry.port, user },
      io,
      signal,
    );
    if (error && (error.op !== 'handshake' || /^(NO_BANNER|HOST_KEY_.*)$/.test(error.code))) return error;
    if (stages.some(({ found }) => found.includes('OpenSSH_for_Windows'))) return isWindows(host);
  }
  if (entry.by === 'ssh' && lines.length === 0 && windowsShell.test(message)) return isWindows(host);
  const made = /Host key verification failed|KnownHostsCommand failed/.test(message)
    ? guestKeysFor({ typed: splitUser(host).host }, io.env)
    : undefined;
  const hint = made
    ? (await import('../keys/refusal.js')).explainRefusal(
        'not made',
        { typed: made.name, path: made.knownHosts },
        io,
      ).hint
    : ((await listedFix(host, message, io)) ??
      failure?.hint ??
      ofProxy ??
      hintFor(entry, message, shellOf(io)));
  const problem = `the script did not ${lines.length === 0 ? 'run' : 'end'} there: ${withoutHostName(message) || `${program} said nothing`}`;
  return failure?.code === 'NO_AGENT'
    ? new ConnectError('resolve', host, { code: 'NO_EXEC', final: true, problem: failure.message, hint })
    : new ConnectError('connect', host, { code: 'NOT_RUN', problem, hint });
}

async function listedFix(typed: string, message: string, io: Io): Promise<string | undefined> {
  if (!message.includes('Could not resolve hostname')) return undefined;
  const { user, host } = splitUser(typed);
  const listed = await lookUp(host, io).catch(() => undefined);
  const quoted = (word: string) => shellQuoted(word, shellOf(io));
  const account = user === undefined ? '' : `--user ${quoted(user)} `;
  return (
    listed?.machine &&
    `vmssh list has it, and ssh does not know it yet: vmssh setup ${account}${quoted(host)}`
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

function hintFor(entry: Entry, message: string, shell: Shell): string {
  if (/sudo.*(not found|No such file)/.test(message))
    return 'there is no sudo: log in as root, or save the output of vmssh guest print there and run it with su';
  if (sudoAsks(message))
    return 'sudo needs a password: run this in a terminal, where it can be typed; or log in as root; or save the output of vmssh guest print there and run it with sudo';
  if (/incorrect (password|authentication)|not in the sudoers|not allowed to (execute|run)/.test(message))
    return 'sudo refused this account or its password: log in as root, or as an account that may use sudo';
  if (/Permission denied/.test(message))
    return 'it took no key or password that it was given: try again, or name another account';
  if (message === unanswered) return 'run this again';
  if (/KnownHostsCommand failed/.test(message))
    return 'vmssh doctor shows why ssh starts no vmssh for the host key';
  if (closedMessage.test(message))
    return 'sshd there, or what is before it, closes connections: too many at once (MaxStartups), a ban (PerSourcePenalties, fail2ban), no host keys, or it is shutting down; its log, on the console, has the reason';
  if (otherShell.test(message))
    return 'a start file of that account, such as ~/.bashrc, goes over to another program before the script begins: let it do so only on a terminal, [ -t 0 ] && exec fish; or name another account';
  if (/Could not resolve hostname/.test(message))
    return 'what vmssh list shows is set up by vmssh setup NAME; HOST is a name that ssh knows, a target without --by ssh, or ssh://USER@HOST:PORT';
  if (entry.by === 'agent')
    return 'try it again; vmssh guest print prints what to run on its console, as root';
  if (entry.by === 'exec')
    return `check that its manager starts a program there: ${shellLine([...entry.command, 'true'], shell)}`;
  if (entry.by === 'wsl') return 'see wsl.exe --list --verbose';
  return 'check that this route works by itself; another TCP port is ssh://USER@HOST:PORT; --by names another way in; an account or a key with a command of its own (ForceCommand, command=) runs no script';
}

export interface Inside {
  readonly findings: readonly Finding[];
  readonly ok: boolean;
  readonly notRun?: ConnectError;
}

/** What the look inside and the login before it may take together. Milliseconds. */
const lookLimitMs = 60_000;

/** Logs in to a guest and looks for what keeps sshd from answering; `from`: when the login began. Changes nothing there. */
export async function lookInside(
  entry: Entry,
  options: CheckScriptOptions,
  io: Io,
  signal: AbortSignal,
  from: number,
): Promise<Inside> {
  // What answers like a server may take all the time of the login.
  const limitMs = Math.max(lookLimitMs / 2, lookLimitMs - (now() - from));
  const end = await look(entry, checkScript(options), io, signal, limitMs);
  const { lines, code } = end;
  const notRun = code === undefined ? await whyNotRun(entry, end, io, signal) : undefined;
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
export async function lookAt(entry: Entry, io: Io, signal: AbortSignal): Promise<Guest> {
  const end = await look(entry, beforeLoginScript(), io, signal);
  if (end.code === undefined) throw await whyNotRun(entry, end, io, signal);
  const { lines } = end;
  const said = (name: string) => lines.find(({ step }) => step === name)?.message;
  return {
    cid: cidOf(lines),
    boot: said('boot'),
    user: isBySsh(entry) ? said('user') : undefined,
    // SSH_CONNECTION of a connection without an address.
    bySocket: entry.by === 'target' || said('peer')?.startsWith('UNKNOWN ') === true,
    cursor: said('cursor') ?? '',
  };
}

async function look(entry: Entry, script: string, io: Io, signal: AbortSignal, limitMs = lookLimitMs) {
  // A look changes nothing, so a machine without a UUID may be looked at.
  const isMeant = 'meant' in entry && entry.meant;
  const any = isMeant ? { ...entry, meant: { ...isMeant, unproved: true } } : entry;
  const end = await tryIn(any, script, { io, signal, as: 'account', limitMs });
  refuseOther(entry, end.lines);
  return end;
}
