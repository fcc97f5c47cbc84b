import { setTimeout as delay } from 'node:timers/promises';
import { printable } from '../../base/errors.js';
import { type Env, hasTerminal, now } from '../../base/runtime.js';
import { type ProgramEnd, type ProgramOptions, runProgram } from '../../process/run-program.js';
import { asksNothing, forwardsNothing, settingIn, sshCommand } from '../../process/ssh-program.js';
import { ownArgs } from '../../typed/proxy-args.js';
import type { ViaEndpoint, ViaSocket } from '../../typed/route.js';
import { anyShellWord } from '../../typed/shell.js';
import lastStep from './last-step.sh';
import relay from './relay.py';

/**
 * What ssh runs on `hop.host`: one command that sh, bash, dash, ksh, zsh, csh, tcsh and fish read alike. Its answer
 * begins with `marker`. `startMs`: for the start of a machine that is off there. Throws a RangeError if a part has a control character.
 */
export function hopCommand(hop: ViaEndpoint, marker: string, timeoutMs: number, startMs?: number): string {
  const { target, port, at } = hop;
  const seconds = String(Math.ceil(timeoutMs / 1000));
  if (at?.family !== 'via') {
    const start = startMs === undefined ? [] : [ownArgs({ waitMs: startMs, start: true }).join(' ')];
    return scriptCommand(lastStep, [marker, target, String(port), seconds, ...placeOf(at), python, ...start]);
  }
  // No terminal there: a question would get no answer.
  const command = hopCommand(at, marker, timeoutMs, startMs);
  return execLine(quietHop({ ssh: ['ssh'], host: at.host, command }, timeoutMs));
}

/** The end of a marker to which a vmssh there also says the machine's host keys. An older one takes any marker. */
export const asksKeys = '-keys';

/** A command that runs a script of sh there, read alike by the same shells. */
export function scriptCommand(script: string, args: readonly string[]): string {
  return execLine(['sh', '-c', oneLine(script), 'sh', ...args]);
}

function execLine(words: readonly string[]): string {
  return ['exec', ...words.map(anyShellWord)].join(' ');
}

/** Of every hop's ssh: stdin and stdout are the connection, and nothing else of this login is lent to that host. */
export function hopOptions(timeoutMs: number) {
  const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
  const settings = [...forwardsNothing, 'RemoteCommand=none', 'PermitLocalCommand=no'];
  return { flags: ['-T'], settings: [...settings, `ConnectTimeout=${seconds}`] };
}

/** A login of a hop that asks its user nothing. */
function quietHop({ settings: more = [], ...login }: HopLogin, timeoutMs: number) {
  const { flags, settings } = hopOptions(timeoutMs);
  return sshCommand({ ...login, flags, settings: [...settings, ...more, asksNothing] });
}

/** The kind of the socket, its path or CID, the other reading of the path, and "plain" if socat has no meaning for any of it. */
function placeOf(at: ViaSocket | undefined): readonly string[] {
  if (!at) return ['', '', '', ''];
  if (at.family === 'vsock') return ['vsock', String(at.cid), '', 'plain'];
  const { path, otherPath = '' } = at;
  return ['unix', path, otherPath, /^[\w./%@+-]*$/.test(path + otherPath) ? 'plain' : ''];
}

/**
 * Whether an ssh that ended says that the server closed the connection before its banner, as with more logins at once than its
 * MaxStartups. `settingsOf`: ssh's settings for that host. A ban is none; and behind a ProxyJump or ProxyCommand nobody knows whose end it was.
 */
export async function wasDropped(said: string, settingsOf: () => Promise<string>): Promise<boolean> {
  const isClosed =
    /^(kex|ssh)_exchange_identification: (Connection closed|read: Connection reset)/m.test(said) &&
    !/Not allowed at this time/.test(said);
  if (!isClosed) return false;
  const settings = await settingsOf();
  const isKnown = settingIn(settings, 'hostname') !== undefined;
  return isKnown && !['proxyjump', 'proxycommand'].some((each) => settingIn(settings, each));
}

/** Why an ssh failed, by its own words: its last line, or the one before what a ProxyJump that ended leads to. */
export function whySshFailed(end: ProgramEnd): string {
  const cause = causesIn(end).at(-1) ?? linesOf(end).at(-1) ?? '';
  return printable(cause.slice(0, 300)) || `ssh ended with ${end.signal ?? `exit code ${end.code}`}`;
}

function causesIn(end: ProgramEnd): readonly string[] {
  return linesOf(end).filter((line) => !afterProxy.test(line));
}

function linesOf({ stderr }: ProgramEnd): readonly string[] {
  return stderr
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

const afterProxy =
  /^(kex_exchange_identification|ssh_exchange_identification|Connection (closed|reset) by UNKNOWN port|stdio forwarding failed)/;

/** What makes one login of many, as the end of a hint. */
export function sharedLogin(host: string): string {
  return `ControlMaster auto, ControlPath and ControlPersist for Host ${host}`;
}

interface HopPlace {
  /** ssh and its first options, as `sshProgram` gives them. */
  readonly ssh: readonly string[];
  readonly host: string;
}

interface HopLogin extends HopPlace {
  readonly command: string;
  /** ssh's settings for a connection that is shared. */
  readonly settings?: readonly string[];
}

/** Runs a command there by an ssh that asks its user nothing, and again within the time that there is while its server drops it. */
export async function runHop(
  login: HopLogin,
  { timeoutMs, ...options }: ProgramOptions & { readonly timeoutMs: number },
  run = runProgram,
): Promise<ProgramEnd> {
  const { env, signal } = options;
  const asked = await settingsFor(login, env, run);
  const settings = [...(login.settings ?? []), ...quietJump(login.ssh, asked)];
  const words = quietHop({ ...login, settings }, Math.min(connectMs, timeoutMs));
  const attempt = (leftMs: number) => run(words, { ...options, timeoutMs: leftMs });
  const isDropped = ({ stderr }: ProgramEnd) => wasDropped(stderr, async () => asked);
  const end = await whileDropped(attempt, isDropped, timeoutMs, signal);
  // With ControlPersist, ssh does not show what its ProxyCommand says.
  const isMute = linesOf(end).length > 0 && causesIn(end).length === 0;
  if (!isMute || (settingIn(asked, 'controlpersist') ?? 'no') === 'no') return end;
  const shown = { ...login, settings: ['ControlPersist=no', ...settings] };
  return run(quietHop(shown, connectMs), { ...options, timeoutMs: connectMs });
}

/**
 * The command for the host's ProxyJump, as ssh makes it, which asks nothing either: ssh does not pass BatchMode on. The shared connection
 * stays that of the ProxyJump, which is in its %C.
 */
function quietJump(ssh: readonly string[], settings: string): readonly string[] {
  const jumps = settingIn(settings, 'proxyjump')?.split(',');
  if (jumps === undefined || process.platform === 'win32') return [];
  const path = settingIn(settings, 'controlpath') ?? '';
  // A blank or a quote would be ssh's own.
  const shared = /^[^\s"'\\]+$/.test(path) ? [`ControlPath=${path.replaceAll('%', '%%')}`] : [];
  return [`ProxyCommand=${jumpCommand(jumps, ssh)}`, ...shared];
}

function jumpCommand(jumps: readonly string[], ssh: readonly string[]): string {
  const before = jumps.slice(0, -1);
  const inner = before.length === 0 ? [] : [`ProxyCommand=${jumpCommand(before, ssh)}`];
  const settings = [asksNothing, ...inner];
  const words = sshCommand({ ssh, flags: ['-W', forwarded], settings, host: `ssh://${jumps.at(-1)}` });
  const escaped = words.map((word) => (word === forwarded ? word : word.replaceAll('%', '%%')));
  return escaped.map(anyShellWord).join(' ');
}

/** What `ssh -W` takes; only the ssh that runs the command replaces it. */
const forwarded = '[%h]:%p';

/** What `ssh -G` prints of a host; nothing if it cannot be asked. */
export async function settingsFor({ ssh, host }: HopPlace, env: Env, run = runProgram): Promise<string> {
  const asked = sshCommand({ ssh, flags: ['-G'], host });
  return (await run(asked, { env, timeoutMs: 5000 }).catch(() => ({ stdout: '' }))).stdout;
}

/** How long the login alone may take. Milliseconds. */
export const connectMs = 10_000;

/** What the last attempt comes to: others are made as long as they are dropped and there is time. */
export async function whileDropped<T>(
  attempt: (leftMs: number) => Promise<T>,
  isDropped: (result: T) => boolean | Promise<boolean>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  const until = now() + timeoutMs;
  for (let pause = 300; ; pause = Math.min(1.5 * pause, 3000)) {
    const result = await attempt(Math.max(1, until - now()));
    // Many that were dropped at once must not come back at once.
    const ms = pause * Math.random();
    if (!(await isDropped(result)) || now() + ms >= until) return result;
    await delay(ms, undefined, signal ? { signal } : {}).catch(() => {});
    if (signal?.aborted) return result;
  }
}

/** A script without its comments as one line: csh ends a word at a line break. */
function oneLine(script: string): string {
  return script.replaceAll(/^#.*$/gm, '').split('\n').filter(Boolean).join(' ');
}

// A JSON string is also one of Python's.
const python = `exec(${JSON.stringify(relay)})`;

/** How long a person may take at the hypervisor's questions, as sshd's own LoginGraceTime. Milliseconds. */
const patienceMs = 120_000;

/** What a login gets beside its limit: time for answers, if ssh can ask its user something. Milliseconds. */
export function patience({ SSH_ASKPASS }: Env, isOnTerminal: () => boolean = hasTerminal): number {
  return isOnTerminal() || SSH_ASKPASS ? patienceMs : 0;
}
