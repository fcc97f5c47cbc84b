import { ConnectError, errorWith, exitCodeOf, printable, quote } from '../../base/errors.js';
import { loadAddon } from '../../base/native.js';
import { hasTerminal, now } from '../../base/runtime.js';
import type { Command } from '../../cli/command.js';
import { flag, parsed, portArgument, positionals, readAll, textOption } from '../../cli/command.js';
import { reachBy } from '../../cli/reach/reach-target.js';
import {
  bringOption,
  type ReachFlags,
  reachFlags,
  reachOptions,
  startOption,
  throughHop,
  verboseOption,
} from '../../cli/shared-options.js';
import type { Bring, Connection } from '../../connect/connection.js';
import { hangsOrBoots } from '../../connect/multiplexer.js';
import { cannotPass, passFd, takesSocket, takesUnixSocket } from '../../deliver/pass-fd.js';
import { leaveRecord, type ReachedRecord, recordFolders, recordOf } from '../../keys/record.js';
import { isNamed, kindOf, parseTarget, type TypedTarget } from '../../kinds/kinds.js';
import type { Io } from '../../process/io.js';
import type { Reached, Trace } from '../../reach/reach.js';
import type { DiscoveredMachine } from '../../sources/source.js';
import { openFolder } from '../../sources/trusted-path.js';
import { asTyped, checkUserName } from '../../typed/names.js';
import { isBareId, parseUuid } from '../../typed/numbers.js';
import { shellQuoted } from '../../typed/shell.js';
import type { RelayToEndOptions } from './lasting.js';
import { callerGone, type StdioWatch, watchStdio } from './stdio-watch.js';

export interface ProxyOptions extends Omit<ReachFlags, 'start'> {
  /** The target as the user spelled it. */
  readonly text: string;
  readonly port: number;
  /** Whether ssh was called with this text, and keeps the host key under it. */
  readonly isTyped?: true | undefined;
  readonly fdpass: boolean;
  /** Whether ssh asks vmssh for the host key of what is reached: without a record there is no connection. */
  readonly record: boolean;
  /** Whether a machine that is off is started; "terminal": if ssh has one. */
  readonly start: boolean | 'terminal';
  /** Whether an sshd is brought into a machine that has none: for the user who was typed, or the one that ssh gives. */
  readonly bring?: { readonly typed?: string | undefined; readonly given?: string | undefined } | undefined;
}

/** Once ssh has closed our stdin, it is exiting: how long the peer's last bytes may still follow. Milliseconds. */
const lingerMs = 500;

const own = {
  typed: textOption({
    long: 'typed',
    value: 'NAME',
    summary: "the host as it was typed (ssh's %n): keeps the case that %h loses",
  }),
  fdpass: flag({
    long: 'fdpass',
    summary: 'pass the socket if stdout is a socket (ProxyUseFdpass yes), otherwise relay',
  }),
  record: flag({
    long: 'record',
    summary: 'for a KnownHostsCommand of vmssh: leave there what is reached, or end with an error',
  }),
  startOnTerminal: flag({
    long: 'start-on-terminal',
    summary: 'the same as --start, but only if ssh has a terminal: what plain config install --start writes',
  }),
  login: parsed(
    { long: 'login', value: 'USER', summary: "with --bring-sshd: who logs in (ssh's %r)" },
    checkUserName,
  ),
  sshUser: parsed(
    {
      long: 'ssh-user',
      value: 'USER',
      summary:
        "the same, but your own name stands for the container's user: ssh gives it if nobody was named",
    },
    checkUserName,
  ),
};

/** vmssh proxy HOST PORT: the ProxyCommand. Nothing but the peer's bytes reaches stdout. */
export const proxy: Command<ProxyOptions> = {
  name: 'proxy',
  summary: 'connect ssh to a machine: what ssh runs as ProxyCommand',
  usage: 'HOST PORT',
  details: 'Relays stdin and stdout, or with --fdpass passes the open socket to ssh and exits.',
  options: [...Object.values(own), ...reachOptions, bringOption, verboseOption],
  exclusive: [
    [own.login, own.sshUser],
    [startOption, own.startOnTerminal],
  ],
  examples: {
    "ssh -o ProxyCommand='vmssh proxy --typed %n %h %p' root@vsock/3": 'log in to the machine with CID 3',
    "ssh -o ProxyUseFdpass=yes -o ProxyCommand='vmssh proxy --fdpass %h %p' .host":
      'the same without a process in between',
    'vmssh proxy --wait=60 machine/web 22': 'for a machine that is still booting',
  },

  parse(raw) {
    const [host = '', port] = positionals(raw, 2, 2, 'HOST PORT');
    const { typed, fdpass, record, startOnTerminal, login, sshUser } = readAll(raw, own);
    const flags = reachFlags(raw);
    return {
      ...flags,
      isTyped: typed === undefined ? undefined : true,
      text: throughHop(raw, asTyped(host, typed)),
      port: portArgument(port),
      fdpass,
      record,
      bring: bringOption.read(raw) ? { typed: login, given: sshUser } : undefined,
      start: startOnTerminal ? 'terminal' : flags.start,
    };
  },

  async run(options, io) {
    const trace = options.verbose ? (await import('../../cli/terminal.js')).stepTrace(io) : undefined;
    const typed = await meantBy(options.text, io);
    const { text, target } = typed;
    if (options.isTyped && /[*?,]/.test(text)) refusePattern(typed);
    const isLinux = io.platform === 'linux';
    const isAsked = isLinux && (options.record || options.bring !== undefined);
    const start = options.start === 'terminal' ? hasTerminal() : options.start;
    if (isLinux && kindOf(target).from === 'windows-wsl2') {
      if (isAsked) leave([typed, undefined, undefined], io);
      const { proxyOverInterop } = await import('./over-interop.js');
      const code = await proxyOverInterop({ ...options, start, text, target }, io);
      if (code !== undefined) return code;
    }
    const native = loadAddon();
    if (!native.addon && options.fdpass && takesUnixSocket()) throw cannotPass(text, native.missing);
    const watch = await watchStdio(native.addon, io);
    const keys = await hostKeyPart(options, typed, isAsked, io);
    const progress = options.waitMs === undefined || start || trace ? undefined : await waiting(text, io);
    let reached: Reached;
    try {
      const asked = { trace: trace ?? progress?.trace, signal: watch.signal, untilBanner: options.isTimed };
      reached = await reachBy(typed, options, { ...keys, ...asked, start }, io);
    } catch (error) {
      const needsTerminal = options.start === 'terminal' && !start;
      const why = await whyNotReached(error, { text, watch, needsTerminal }, io);
      if (typeof why === 'number') return why;
      throw why;
    } finally {
      progress?.stop();
    }
    return await handOver(reached.connection, { text, native, watch, trace, fdpass: options.fdpass }, io);
  },
};

/** What is left for ssh, which asks for the host key, as soon as it is known. */
async function hostKeyPart(
  { text: host, bring }: ProxyOptions,
  typed: TypedTarget,
  isAsked: boolean,
  io: Io,
) {
  let left: Parameters<typeof recordOf> = [typed, undefined, undefined];
  const { text, target } = typed;
  const asksHop = isAsked && target.kind === 'via' && isNamed(target) && (await hasNoKey(text, io));
  return {
    bring: bring && (await bringing(bring, typed, (brought) => leave(left, io, { brought }))),
    hostKeys: asksHop ? (hostKeys) => leave(left, io, { hostKeys }) : undefined,
    beforeOpen(_target, endpoint, machine) {
      refuseOther(host, machine);
      left = [typed, machine, endpoint];
      if (isAsked) leave(left, io);
      return undefined;
    },
  } satisfies Omit<Parameters<typeof reachBy>[2], 'start'>;
}

/** The error for the user, or the exit code if the user knows. `needsTerminal`: the machine is started only where ssh has one. */
async function whyNotReached(
  error: unknown,
  { text, watch, needsTerminal }: { text: string; watch: StdioWatch; needsTerminal: boolean },
  io: Io,
): Promise<unknown> {
  if (!(error instanceof ConnectError)) return error;
  if (needsTerminal && error.start) return errorWith(error, { hint: howToStart(text) });
  if (error.code === 'NOT_FOUND') return ifGone(error, text, io);
  if (error.code !== 'INTERRUPTED' || error.start) return error;
  const gone = callerGone(text, watch.signal, error);
  // Ctrl-C ends ssh too, and often first: the user knows.
  return gone.code === 'EPIPE' && io.terminal.stderr ? exitCodeOf(gone) : gone;
}

type HandOver = Pick<RelayToEndOptions, 'text' | 'native' | 'trace'> &
  Pick<ProxyOptions, 'fdpass'> & { readonly watch: StdioWatch };

async function handOver(
  connection: Connection,
  { text, native, watch, trace, fdpass }: HandOver,
  io: Io,
): Promise<number> {
  const { handle } = connection;
  const passes = fdpass && native.addon && handle && takesSocket();
  if (connection.isUnanswered) {
    const { complain } = await import('../../cli/rows.js');
    await complain(`${printable(text)}: ${hangsOrBoots}; ssh waits for it`, undefined, io);
  } else if (passes && io.terminal.stderr) await sayIfSilent(connection, text, io);
  watch.stop();
  if (passes && passFd(native.addon, handle, text)) {
    connection.handedOver?.();
    trace?.('connect', 'the socket was passed to ssh');
    return 0;
  }
  const { relayToEnd } = await import('./lasting.js');
  const how = { input: watch.input, lingerMs, mayWantSocket: !fdpass, ignoreInterrupts: true };
  return relayToEnd(connection, { text, native, trace, ...how }, io);
}

/** Says on a terminal what ssh will wait for, if the machine takes the connection and stays silent. */
async function sayIfSilent(connection: Connection, text: string, io: Io): Promise<void> {
  const until = now() + silentMs;
  const seen = await connection.peek(0, 1, silentMs).catch(() => undefined);
  if (seen?.length !== 0 || now() < until) return;
  io.err(`${io.program}: ${printable(text)} is connected, but sends no SSH banner yet: ssh waits for it\n`);
}

/** Milliseconds. */
const silentMs = 3000;

/** On Windows a bare UUID is a machine of Hyper-V; elsewhere it may be any machine's, and is looked for. Throws a ConnectError. */
async function meantBy(text: string, { env, platform }: Io): Promise<TypedTarget> {
  if (platform === 'win32' || !isBareId(text)) return { text, target: parseTarget(text) };
  const { resolveShortName } = await import('../../reach/short-name.js');
  // ssh has chosen the Host already.
  return resolveShortName(text, { env, platform, names: async () => () => undefined });
}

/** Throws a ConnectError if a machine is none with the UUID that was typed: it was looked up, and another one has got its name meanwhile. */
function refuseOther(typed: string, machine: DiscoveredMachine | undefined): void {
  const id = machine && isBareId(typed) ? parseUuid(typed) : undefined;
  if (machine === undefined || id === undefined) return;
  const has = parseUuid(machine.uuid ?? '');
  if (has === undefined || id === has) return;
  const problem = `${quote(machine.target)} had this UUID, and is another machine now, with ${has}`;
  throw new ConnectError('resolve', typed, { code: 'NOT_FOUND', problem, hint: 'see vmssh list' });
}

/** Whether no key is known of a machine that another hypervisor has: the first login asks there. */
async function hasNoKey(text: string, { env }: Io): Promise<boolean> {
  const { keyOwner } = await import('../../keys/key-owner.js');
  const { machineKeys } = await import('../../keys/machine-keys.js');
  const { pinsOf } = await import('../../keys/decide.js');
  const owner = await keyOwner({ text }, { isKnownOnly: true }, env);
  // Why they cannot be read is said when ssh asks.
  const keys = await machineKeys(owner, env).catch(() => undefined);
  return keys !== undefined && pinsOf(keys).length === 0;
}

/** Leaves what is reached for ssh, which asks for its host key; `more`: what is known of that. Throws a ConnectError. */
function leave(reached: Parameters<typeof recordOf>, { env }: Io, more?: Partial<ReachedRecord>): void {
  try {
    leaveRecord({ ...recordOf(...reached), ...more }, { folders: recordFolders(env) });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const open = openFolder(env.HOME || '/');
    throw new ConnectError('connect', reached[0].text, {
      code: 'NO_RECORD',
      final: true,
      problem: `ssh asks vmssh for the host key, but vmssh cannot note what it reached: ${message}`,
      hint:
        code === undefined
          ? 'mount the /proc of this namespace: unshare --mount-proc, bwrap --proc /proc'
          : open !== undefined
            ? `any user can write to ${open}, so HOME is not trusted: chmod o-w ${shellQuoted(open)}`
            : 'set XDG_RUNTIME_DIR or XDG_STATE_HOME to a folder of yours that can be written',
      cause: error,
    });
  }
}

/** The error of a machine that is not found, with the day since which nothing lists it. */
export async function ifGone(error: ConnectError, text: string, { env }: Io): Promise<ConnectError> {
  // A container that is off has no Host any more, and is listed.
  if (/^".*" is (?:off|paused|saved|starting|stopping)\b/s.test(error.problem)) return error;
  const { goneSince } = await import('../../book/names.js');
  const since = await goneSince(text, env);
  return since === undefined ? error : errorWith(error, { problem: `${since}: ${error.problem}` });
}

/** An application opens the Hosts that it finds: only a person starts a machine, or who said so of this one. */
function howToStart(text: string): string {
  const name = printable(text);
  return `its Host starts it only where ssh has a terminal: vmssh ssh --start ${name}, or for any program vmssh config install --start=${name}`;
}

/** The user who logs in by the sshd that is brought, and who gets its host key. Throws a ConnectError. */
async function bringing(
  { typed, given }: NonNullable<ProxyOptions['bring']>,
  { text, target }: TypedTarget,
  trust: Bring['trust'],
): Promise<Bring> {
  if (kindOf(target).name === 'via')
    throw new ConnectError('parse', text, {
      code: 'USAGE',
      problem: '--bring-sshd is for the machines of this host',
      hint: 'leave it out, or use it there: ssh HOST -t vmssh ssh --bring-sshd NAME',
    });
  const { ownAccount } = await import('../../ssh/folder.js');
  return { login: typed ?? (given === ownAccount()?.name ? undefined : given), trust };
}

/** ssh reads the name as a pattern, and accepts the key for every machine that matches; before 9.6 also as several names, one of them maybe another machine's. */
function refusePattern({ text, target }: TypedTarget): void {
  if (!isNamed(target)) return;
  throw new ConnectError('parse', text, {
    code: 'USAGE',
    problem:
      'ssh reads "*", "?" and "," in a name as a pattern, and would accept its host key for other machines too',
    hint: 'use vmssh ssh, which keeps the key under another name',
  });
}

/** Progress goes to stderr, which ssh shares with us. */
async function waiting(text: string, io: Io): Promise<{ trace: Trace; stop(): void }> {
  const { startProgress } = await import('../../cli/terminal.js');
  const progress = await startProgress(io, `waiting for ${printable(text)}`);
  return {
    trace: (step, outcome) => step === 'wait' && progress.update(printable(outcome)),
    stop: () => progress.stop(),
  };
}
