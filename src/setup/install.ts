import { ConnectError, errorWith, exitCode, printable } from '../base/errors.js';
import { checkTarget } from '../checks/check-target.js';
import { formatCheck } from '../checks/result.js';
import { UsageError } from '../cli/command.js';
import { formatProgress, type HostFlags, targetIn } from '../cli/guest.js';
import { complain, rowFormatter } from '../cli/rows.js';
import type { ReachFlags } from '../cli/shared-options.js';
import { type Entry, overTarget } from '../entry/entry.js';
import { entryTo, lookAt, runAsRoot, tryIn } from '../entry/run.js';
import { cidOf, newProof, proofIn } from '../guest/report.js';
import { proofScript, type ScriptOptions, setupScript, undoScript } from '../guest/script.js';
import { homesHere } from '../guest/shared-homes.js';
import { sshSettings } from '../keys/login-key.js';
import type { Io } from '../process/io.js';
import { asksNothing, ownConnection } from '../process/ssh-program.js';
import { splitUser } from '../reach/login.js';
import { configArgument } from '../ssh/config/word.js';
import { ownAccount } from '../ssh/folder.js';
import { isSshPort } from '../typed/numbers.js';
import { afterwards } from './config.js';

export interface GuestInstallOptions {
  readonly script: ScriptOptions;
  readonly undo: boolean;
  readonly way: HostFlags;
  readonly sharedHome: boolean;
  /** How the guest is reached from now on; undefined: by the CID that it reports. */
  readonly target: string | undefined;
  readonly reach: ReachFlags;
}

/** Sets the guest up, proves the new route, and closes TCP if asked. Resolves to the exit code. */
export async function install(options: GuestInstallOptions, io: Io, check = checkTarget): Promise<number> {
  const { undo } = options;
  const signal = io.interrupted();
  // TCP is closed, to all or to other hosts, once the route is proved.
  const { onlyVsock = false, onlyLoopback = false } = options.script;
  const goesOn = onlyVsock || onlyLoopback;
  const entry = await entryTo(options.way, io, signal);
  // The manager logs in as nobody: the keys are for the login that follows. To close TCP that is root's, who needs no sudo.
  const login = goesOn ? (splitUser(options.way.host).user ?? 'root') : splitUser(entry.host).user;
  const byDefault = options.way.by === 'exec' ? login : undefined;
  const { keys = [], account = byDefault, port } = options.script;
  const names = [account, login, io.env.SUDO_USER];
  const hosts = homesHere(options.sharedHome || keys.length === 0, names, io.platform);
  const script = { ...options.script, hosts, account };
  // Everybody may read a command line: no secret of this host's goes in by one.
  const proof = entry.by === 'agent' ? '' : newProof();
  if (entry.by === 'agent' && goesOn && !undo)
    throw new UsageError(
      'its guest agent is no way to prove the new route, which has to be done before TCP is closed',
      'set it up first; then run this by that route: --by target',
    );
  const first = undo
    ? undoScript()
    : setupScript({ ...script, onlyVsock: false, onlyLoopback: false, leave: proof });
  const done = await runAsRoot(entry, first, io, signal).catch((error) => {
    throw withPort(error, entry, port);
  });
  if (undo || done.code !== 0) return done.code === 0 ? exitCode.ok : exitCode.connect;

  const own = await ownSettings(entry, io, signal);
  const named = account ?? splitUser(entry.host).user ?? own.user;
  const typed = options.target ?? targetIn(entry.host);
  const set: SetUp = { entry, script, proof, goesOn, io, signal };
  if (typed === undefined && isSshPort(port) && (await isBySocket(entry, io, signal))) return ownRoute(set);
  const cid = cidOf(done.lines);
  const target = typed ?? (cid === undefined ? undefined : `vsock/${cid}`);
  if (target === undefined) {
    const problem = 'it is not known how this host reaches the guest: its CID cannot be read there';
    await complain(problem, 'set its target with --target TARGET, or check it later: vmssh check TARGET', io);
    return exitCode.connect;
  }
  const checked = await check(target, { port, user: named ?? 'root', ...options.reach }, io, signal);
  io.out(formatCheck(checked, await rowFormatter(io)));
  if (checked.error) return exitCode.connect;

  const over = overTarget(entry, account, target, port);
  const isClaimed = typed === undefined;
  if (!(await proveAndClose(over, { target, isClaimed }, set))) return exitCode.connect;
  io.out(`\n${await afterwards({ host: entry.host, target, port, user: named, keys: own.keys }, io)}`);
  return exitCode.ok;
}

/** -p is where sshd is to listen on vsock, and not where ssh goes. */
function withPort(error: unknown, { by, host }: Entry, port: number): unknown {
  if (!(error instanceof ConnectError) || by !== 'ssh' || isSshPort(port)) return error;
  if (!/connect to host .* port 22: /.test(error.problem)) return error;
  const hint = `--port ${port} is the one on vsock; ssh goes to another TCP port by ssh://${host}:${port}`;
  return errorWith(error, { hint });
}

interface SetUp {
  readonly entry: Entry;
  readonly script: ScriptOptions;
  /** The text that was left in the machine; empty: none. */
  readonly proof: string;
  /** TCP is closed after the proof, which is kept for that. */
  readonly goesOn: boolean;
  readonly io: Io;
  readonly signal: AbortSignal;
}

interface NewRoute {
  readonly target: string;
  /** The target came from the guest itself. */
  readonly isClaimed: boolean;
}

/** HOST itself goes over a socket, as by a multiplexer: that is the route to prove, and nothing is to be written for it. */
async function ownRoute(set: SetUp): Promise<number> {
  const { entry, script, io } = set;
  const { user, host } = splitUser(entry.host);
  const login = script.account ?? user;
  const over = { ...entry, host: login === undefined ? host : `${login}@${host}` };
  const route = { target: `ssh ${host}`, isClaimed: false };
  if (!(await proveAndClose(over, route, set))) return exitCode.connect;
  io.out(
    `\nssh ${printable(over.host)} goes over that socket already: ~/.ssh/config needs no other lines.\n`,
  );
  return exitCode.ok;
}

/** Whether the new route is proved, if something was left for that, and TCP is closed then, if that was asked. */
async function proveAndClose(over: Entry, route: NewRoute, set: SetUp): Promise<boolean> {
  const { proof, goesOn, script, io, signal } = set;
  if (proof !== '' && !(await isSameMachine(over, route, set))) return false;
  if (!goesOn) return true;
  const close = setupScript({ ...script, keys: [], expect: proof });
  return (await runAsRoot(over, close, io, signal)).code === 0;
}

/** Whether ssh's own route to HOST is a socket without an address. */
async function isBySocket(entry: Entry, io: Io, signal: AbortSignal): Promise<boolean> {
  if (entry.by !== 'ssh') return false;
  const guest = await lookAt(entry, io, signal).catch(() => undefined);
  return guest?.bySocket ?? false;
}

/** Asks ssh for the user, undefined for the local one's name, and for the keys, as keywords and arguments. A HOST that ssh is not called with by its name has none. */
export async function ownSettings({ host, by, sshConfig }: Entry, io: Io, signal: AbortSignal) {
  if (by !== 'ssh') return { user: undefined, keys: [] };
  const own = await sshSettings({ host, sshConfig, signal }, io);
  const plain = await sshSettings({ host, sshConfig: 'none', signal }, io);
  const user = valuesOf('user', own)[0];
  const byDefault = valuesOf('identityfile', plain);
  const files = valuesOf('identityfile', own).filter((file) => !byDefault.includes(file));
  const only = valuesOf('identitiesonly', own)[0] === 'yes';
  return {
    user: user === ownAccount()?.name ? undefined : user,
    keys: [
      ...files.map((file) => ['IdentityFile', configArgument(file)] as const),
      ...(only ? [['IdentitiesOnly', 'yes'] as const] : []),
    ],
  };
}

function valuesOf(keyword: string, settings: string): readonly string[] {
  const lines = settings.split(/\r?\n/);
  return lines.flatMap((line) => (line.startsWith(`${keyword} `) ? [line.slice(keyword.length + 1)] : []));
}

/** Resolves to whether to go on. Changes nothing in the machine that the target reaches. */
async function isSameMachine(
  over: Entry,
  { target, isClaimed }: NewRoute,
  { entry: { host }, proof, goesOn, io, signal }: SetUp,
): Promise<boolean> {
  // A reported address proves nothing, and a typed one may be wrong: this looks for the proof that was left.
  const isNeeded = isClaimed || goesOn;
  const settings = [ownConnection, ...(isNeeded ? [] : [asksNothing])];
  const script = proofScript({ keep: goesOn });
  const { lines, code, message } = await tryIn(over, script, { io, signal, as: 'account', settings });
  signal.throwIfAborted();
  const found = code === undefined ? undefined : proofIn(lines);
  if (found === undefined && isNeeded) {
    const word = goesOn ? '' : '; --target TARGET skips the proof';
    const hint = `--key FILE installs your key there${word}`;
    await complain(`${target} cannot be proved to be ${host}: the login there failed: ${message}`, hint, io);
    return false;
  }
  if (found !== undefined && found !== proof) {
    const why = isClaimed ? 'the guest reported a wrong CID: set its target' : 'set its own target';
    const problem = `${target} is not ${host}: the proof that was left there is missing`;
    await complain(problem, `${why} with --target TARGET`, io);
    return false;
  }
  const state = found === undefined ? 'skipped' : 'ok';
  const said = found === undefined ? `not proved: ${message}` : `${target} is ${host}`;
  io.out(formatProgress({ state, message: said, step: 'same-machine' }, await rowFormatter(io)));
  return true;
}
