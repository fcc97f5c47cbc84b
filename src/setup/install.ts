import { checkTarget } from '../checks/check-target.js';
import { formatCheck } from '../checks/result.js';
import { UsageError } from '../cli/command.js';
import { formatProgress } from '../cli/guest.js';
import { complain, rowFormatter } from '../cli/rows.js';
import type { ReachFlags } from '../cli/shared-options.js';
import { lookAt, type RootRunner, rootRunner, withManager } from '../entry/inside.js';
import { guestCaller, guestRoute, type HostFlags, overTarget, targetIn } from '../entry/route.js';
import { runScript } from '../entry/run-script.js';
import { ConnectError, errorWith, exitCode, printable } from '../errors.js';
import { cidOf, newProof, proofIn } from '../guest/report.js';
import { proofScript, type ScriptOptions, setupScript, undoScript } from '../guest/script.js';
import { homesHere } from '../guest/shared-homes.js';
import { sshSettings } from '../keys/login-key.js';
import { splitUser } from '../lookup/login.js';
import type { Io } from '../process/io.js';
import { asksNothing, ownConnection } from '../process/ssh-program.js';
import { configArgument } from '../ssh/config/word.js';
import { ownAccount } from '../ssh/folder.js';
import { isSshPort } from '../typed/numbers.js';
import { afterwards } from './config.js';

export interface GuestInstallOptions {
  readonly script: ScriptOptions;
  readonly undo: boolean;
  readonly into: HostFlags;
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
  const into = await withManager(options.into, io, signal);
  // The manager logs in as nobody: the keys are for the login that follows. To close TCP that is root's, who needs no sudo.
  const login = goesOn ? (splitUser(options.into.host).user ?? 'root') : splitUser(into.host).user;
  const byDefault = into.route === 'exec' ? login : undefined;
  const { keys = [], account = byDefault, port } = options.script;
  const names = [account, login, io.env.SUDO_USER];
  const hosts = homesHere(options.sharedHome || keys.length === 0, names, io.platform);
  const script = { ...options.script, hosts, account };
  const run = await rootRunner(io, signal);
  // Everybody may read a command line: no secret of this host's goes in by one.
  const proof = into.run ? '' : newProof();
  if (into.run && goesOn && !undo)
    throw new UsageError(
      'its guest agent is no way to prove the new route, which has to be done before TCP is closed',
      'set it up first; then run this by that route: --by target',
    );
  const done = await run(
    into,
    undo ? undoScript() : setupScript({ ...script, onlyVsock: false, onlyLoopback: false, leave: proof }),
  ).catch((error) => {
    throw withPort(error, into, port);
  });
  if (undo || done.code !== 0) return done.code === 0 ? exitCode.ok : exitCode.connect;

  const own = await ownSettings(into, io, signal);
  const named = account ?? splitUser(into.host).user ?? own.user;
  const typed = options.target ?? targetIn(into.host);
  const set: SetUp = { into, script, proof, goesOn, run, io, signal };
  if (typed === undefined && isSshPort(port) && (await isBySocket(into, io, signal))) return ownRoute(set);
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

  const over = overTarget(into, account, target);
  const isClaimed = typed === undefined;
  if (!(await proveAndClose(over, { target, isClaimed, port }, set))) return exitCode.connect;
  io.out(`\n${await afterwards({ host: into.host, target, port, user: named, keys: own.keys }, io)}`);
  return exitCode.ok;
}

/** -p is where sshd is to listen on vsock, and not where ssh goes. */
function withPort(error: unknown, { route, host }: HostFlags, port: number): unknown {
  if (!(error instanceof ConnectError) || route !== 'ssh' || isSshPort(port)) return error;
  if (!/connect to host .* port 22: /.test(error.problem)) return error;
  const hint = `--port ${port} is the one on vsock; ssh goes to another TCP port by ssh://${host}:${port}`;
  return errorWith(error, { hint });
}

interface SetUp {
  readonly into: HostFlags;
  readonly script: ScriptOptions;
  /** The text that was left in the machine; empty: none. */
  readonly proof: string;
  /** TCP is closed after the proof, which is kept for that. */
  readonly goesOn: boolean;
  readonly run: RootRunner;
  readonly io: Io;
  readonly signal: AbortSignal;
}

interface NewRoute {
  readonly target: string;
  /** The target came from the guest itself. */
  readonly isClaimed: boolean;
  /** Undefined: that of ssh's settings for the host. */
  readonly port: number | undefined;
}

/** HOST itself goes over a socket, as by a multiplexer: that is the route to prove, and nothing is to be written for it. */
async function ownRoute(set: SetUp): Promise<number> {
  const { into, script, io } = set;
  const { user, host } = splitUser(into.host);
  const login = script.account ?? user;
  const over = { ...into, host: login === undefined ? host : `${login}@${host}` };
  const route = { target: `ssh ${host}`, isClaimed: false, port: undefined };
  if (!(await proveAndClose(over, route, set))) return exitCode.connect;
  io.out(
    `\nssh ${printable(over.host)} goes over that socket already: ~/.ssh/config needs no other lines.\n`,
  );
  return exitCode.ok;
}

/** Whether the new route is proved, if something was left for that, and TCP is closed then, if that was asked. */
async function proveAndClose(over: HostFlags, route: NewRoute, set: SetUp): Promise<boolean> {
  const { proof, goesOn, script, run } = set;
  if (proof !== '' && !(await isSameMachine(over, route, set))) return false;
  if (!goesOn) return true;
  return (await run(over, setupScript({ ...script, keys: [], expect: proof }), route.port)).code === 0;
}

/** Whether ssh's own route to HOST is a socket without an address. */
async function isBySocket(into: HostFlags, io: Io, signal: AbortSignal): Promise<boolean> {
  if (into.route !== 'ssh') return false;
  const guest = await lookAt(into, io, signal).catch(() => undefined);
  return guest?.bySocket ?? false;
}

/** Asks ssh for the user, undefined for the local one's name, and for the keys, as keywords and arguments. A HOST that ssh is not called with by its name has none. */
export async function ownSettings({ host, route, sshConfig }: HostFlags, io: Io, signal: AbortSignal) {
  if (route !== 'ssh') return { user: undefined, keys: [] };
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
  over: HostFlags,
  { target, isClaimed, port }: NewRoute,
  { into: { host }, proof, goesOn, io, signal }: SetUp,
): Promise<boolean> {
  // A reported address proves nothing, and a typed one may be wrong: this looks for the proof that was left.
  const isNeeded = isClaimed || goesOn;
  const { env } = io;
  const caller = await guestCaller(io, over);
  const options = { ...over, ...caller, script: proofScript({ keep: goesOn }), needsRoot: false, port };
  const route = guestRoute(options, [ownConnection, ...(isNeeded ? [] : [asksNothing])]);
  const { lines, code, message } = await runScript(route, { env, signal, onLine: () => {} });
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
