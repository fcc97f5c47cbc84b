import { guestCaller, guestLogin, type HostFlags, overTarget, targetOf } from '../guest/run/route.js';
import type { TriedLogin } from '../guest/script.js';
import { splitUser } from '../lookup/login.js';
import type { Io } from '../process/io.js';
import { type ProgramEnd, runProgram } from '../process/run-program.js';
import { asksNothing, ownConnection } from '../process/ssh-program.js';
import { isSshPort } from '../typed/numbers.js';

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

interface LoginOptions {
  readonly account: string;
  readonly port: number;
  /** How this host reaches the guest; undefined: as HOST, or by the CID that the guest reports. */
  readonly target: string | undefined;
}

/** Logs in as ssh will, over the socket and without prompts. Changes nothing in the machine that it reaches, which may be another one. */
export async function tryLogin(
  into: HostFlags,
  { cid, boot, user, bySocket, cursor }: Guest,
  { account, port, target }: LoginOptions,
  io: Io,
  signal: AbortSignal,
): Promise<TriedLogin> {
  const isOwnRoute = target === undefined && bySocket && isSshPort(port);
  const { host } = splitUser(into.host);
  // A new connection, unlike one by ssh, which may share one that is open.
  if (isOwnRoute && into.route === 'target' && user === account)
    return { state: 'in', about: `over ${host}`, cursor };
  const to = target ?? targetIn(into.host) ?? (cid === undefined ? undefined : `vsock/${cid}`);
  const isByHost = isOwnRoute && into.route === 'ssh';
  if (to === undefined && !isByHost)
    return notTried('its CID is not known: --target says how this host reaches it');
  const over = isByHost ? { ...into, host: `${account}@${host}` } : overTarget(into, account, to ?? '');
  const by = isByHost ? `by ssh ${host}` : `over ${to}`;
  // At ERROR it does not say that it has no algorithm in common with sshd.
  const options = { ...over, ...(await guestCaller(io, over)), port, logLevel: 'INFO' } as const;
  const settings = [asksNothing, ownConnection];
  const login = guestLogin(options, { settings, command: 'cat /proc/sys/kernel/random/boot_id' });
  const { code, stdout, stderr, message } = await runLogin(login, io, signal);
  signal.throwIfAborted();
  // What was typed has to work; the CID that the guest reports is a guess.
  const isGuess = target === undefined && targetIn(into.host) === undefined && !isByHost;
  const unproved = (why: string): TriedLogin =>
    isGuess
      ? notTried(`${why}; --target says how this host reaches it`)
      : { state: 'not proved', about: why, cursor };
  const unreached = stderr.split('\n').find((line) => line.startsWith(`${io.program}: `));
  if (unreached !== undefined) return unproved(unreached.slice(io.program.length + 2).trim());
  const isKeyRefused = /Host key verification failed\.|KnownHostsCommand failed/.test(stderr);
  if (isKeyRefused) return unproved(`ssh does not accept the host key there (${by})`);
  const found = stdout.trim().split('\n').pop()?.trim() ?? '';
  const isBoot = code === 0 && /^[0-9a-f-]{36}$/.test(found);
  if (isBoot && boot !== undefined && found !== boot) return unproved(`another machine answers (${by})`);
  if (isBoot) return { state: 'in', about: by, cursor };
  if (code === null || code === 255) return { state: 'refused', about: `${by}: ${message}`, cursor };
  const how = code === 0 ? 'without running its command' : `with ${code}`;
  const said = message.startsWith('ssh ended with ') ? '' : `, and says: ${message}`;
  return { state: 'ended', about: `${by}: ssh ended ${how}${said}`, cursor };
}

function notTried(about: string): TriedLogin {
  return { state: 'not tried', about };
}

export function targetIn(host: string): string | undefined {
  return targetOf(host) === undefined ? undefined : splitUser(host).host;
}

/** How a login ended: its exit code, null if it has none; `message`: why it failed, which is never empty then. */
export interface LoginEnd extends Pick<ProgramEnd, 'code' | 'stdout' | 'stderr'> {
  readonly message: string;
  /** sshd gives the account none. */
  readonly lacksTerminal?: true;
}

export async function runLogin(
  command: readonly string[],
  { env }: Pick<Io, 'env'>,
  signal: AbortSignal,
): Promise<LoginEnd> {
  const unstarted = (error: Error) => ({ code: null, stdout: '', stderr: error.message });
  const end = await runProgram(command, { env, signal, timeoutMs: loginTimeoutMs }).catch(unstarted);
  const lacksTerminal = /^PTY allocation request failed /m.test(end.stderr);
  return { ...end, message: whyEnded(end), ...(lacksTerminal ? { lacksTerminal } : {}) };
}

/** One that waits for lookups of the name UNKNOWN may take more than 40 s. Milliseconds. */
export const loginTimeoutMs = 45_000;

/** Why ssh, at LogLevel INFO or with -v, ended without a login: the last line that says so; never empty, at most 500 characters. */
export function whyEnded(end: Pick<ProgramEnd, 'code' | 'stdout' | 'stderr' | 'stopped'>): string {
  const { code, stdout, stderr, stopped } = end;
  const late = stopped === 'timeout' ? `it did not end within ${loginTimeoutMs / 1000} s` : undefined;
  // What runs in a terminal says everything on stdout, and so does nologin.
  const message = lastLine(stderr.replace(notReason, '')) ?? late ?? lastLine(stdout);
  return (message && withoutHostName(message)) ?? `ssh ended with ${code ?? 'a signal'}`;
}

/** A message of ssh without its HostName, which is not where it went: for a multiplexer it is 127.0.0.1. */
export function withoutHostName(message: string): string {
  return message.replace(/^\S+@\S+: (?=Permission denied)|^Received disconnect from \S+ port \d+:\d+: /, '');
}

/** What ssh says at each login with these options, or with -v, and after each; what it says last has the reason above it. */
const notReason =
  /^(debug1: .*|OpenSSH_.*|Authenticated to .*|Transferred: .*|Bytes per second: .*|Warning: Permanently added .*|Connection to .* closed\.|Disconnected from .*|PTY allocation request failed .*)\r?$/gm;

/** The end of a line that is too long: before it a machine may have printed a banner without a line end. */
function lastLine(text: string): string | undefined {
  return text.trim().split('\n').pop()?.trim().slice(-500) || undefined;
}
