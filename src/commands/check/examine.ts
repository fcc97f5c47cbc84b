import { checkTarget } from '../../checks/check-target.js';
import { type Inside, type Into, lookAt, lookInside, overOf, withManager } from '../../checks/inside.js';
import { insideAsTyped, isLed, loginAsTyped, loginByVmssh, triedBy } from '../../checks/login.js';
import { blobsOf, ownKeys } from '../../checks/own-keys.js';
import type { CheckResult, LastStage, Means } from '../../checks/result.js';
import type { LoginVerdict } from '../../checks/verdict.js';
import type { ReachFlags } from '../../cli/shared-options.js';
import { startProgress } from '../../cli/terminal.js';
import { ConnectError, exitCode, exitCodeOf, printable } from '../../errors.js';
import { diagnose, type Finding, type Signs } from '../../guest/diagnose.js';
import { guestFailures } from '../../guest/failures.js';
import type { HostFlags } from '../../guest/run/route.js';
import type { ProgressLine } from '../../guest/run/run-script.js';
import { callerOfLines } from '../../hosts/decide.js';
import { lostLines } from '../../hosts/in-effect.js';
import { kindOf } from '../../kinds/kinds.js';
import { lookUp, splitLogin } from '../../lookup/login.js';
import type { Io } from '../../process/io.js';
import { lacksSshd } from '../../reach/all-failed.js';
import { now as clock } from '../../runtime.js';
import { loadHere, loadKnowing } from '../../sources/here.js';
import { isRegistered, type listServices } from '../../sources/hyper-v/services.js';
import { listAll, sharedCids } from '../../sources/list-all.js';
import { vhostCid } from '../../sources/routes.js';
import type { DiscoveredMachine } from '../../sources/source.js';
import { whyNoBring } from '../../ssh/config/host-options.js';
import { keptLogin, type MachineLogin, madeLogin } from '../../ssh/config/logins.js';
import { knownHostsNamedIn, onlyRevoked, usersTexts } from '../../ssh/config/users-files.js';
import { madeHostKey, madeKeysOf } from '../../ssh/guest-keys.js';
import { keyFix, ownKeyFile } from '../../ssh/login-key.js';
import { typedHost } from '../../typed/names.js';
import { isSshPort } from '../../typed/numbers.js';
import { routeOf } from '../../typed/route.js';
import { shellOf, shellQuoted } from '../../typed/shell.js';

export interface ExamineOptions extends ReachFlags {
  readonly target: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  /** Another route into the same guest. */
  readonly over: HostFlags | undefined;
  readonly sshConfig: string | undefined;
  readonly until: LastStage;
}

export interface Examination {
  readonly check: CheckResult;
  /** Whether what was typed logs in; undefined if no login was to be tried. */
  readonly verdict?: ShownFinding | undefined;
  /** The exit code: of what stopped the check; 1 if only a finding is wrong. */
  readonly code: number;
  readonly findings: readonly ShownFinding[];
  readonly suspects: readonly Finding[];
  readonly guest?: Inside & { readonly into: HostFlags };
}

export type ShownFinding = Pick<Finding, 'state' | 'message' | 'fix'> & { readonly name: string };

/** Logs in as was typed, and finds what keeps that from working, on this host and in the machine. */
export async function examine(options: ExamineOptions, given: Io): Promise<Examination> {
  const { target: typed, until } = options;
  const signal = given.interrupted();
  const progress = await startProgress(given, `checking ${printable(typed)}`);
  const err = (text: string) => {
    progress.clear();
    given.err(text);
  };
  const io = { ...given, err };
  const onStage = (stage: string) => progress.update(printable(`${typed}: ${stage}`));
  const from = clock();
  try {
    const isLogin = until === 'login';
    onStage('ssh logs in');
    const login = { ...options, onStage };
    // What would go to the network may not mean this machine. One that is not up yet is waited for.
    const isFirst = isLogin && !options.waitMs && !options.start && (await isLed(options, io, signal));
    const first = isFirst ? await loginAsTyped(login, io, signal) : undefined;
    const { check, brings } = await checked({ ...options, hangs: first?.hangs }, io, signal, onStage);
    const { means, error } = check;
    const code = error ? exitCodeOf(error) : exitCode.ok;
    const none = { check, code, findings: [], suspects: [] };
    if (!isLogin || signal.aborted) return none;
    if (!means)
      return first && first.reach !== 'network' ? byHostOfHis(first, none, options, io, signal) : none;
    const made = madeKeysOf(means.machine ?? splitLogin(typed).host, io.env);
    // As vmssh ssh does.
    const identityFile = made?.identityFile ?? (await ownKeyFile(means.identityFile));
    onStage('ssh logs in');
    const seen = { check, means, brings, identityFile, options, made, from, onStage };
    const hangs = error?.reason === 'unanswered';
    const plain = first ?? (hangs ? undefined : await loginAsTyped(login, io, signal));
    onStage('looking inside');
    return await explained({ ...seen, plain }, io, signal);
  } finally {
    progress.stop();
  }
}

/** ssh has a Host of that name, and vmssh no machine: what ssh comes to counts. */
async function byHostOfHis(
  login: LoginVerdict,
  none: Examination,
  options: ExamineOptions,
  io: Io,
  signal: AbortSignal,
): Promise<Examination> {
  const bare = login.state === 'ok' ? await loginAsTyped(options, io, signal, true) : undefined;
  const verdict = { ...(settle(login, bare) ?? login), name: 'login' };
  const found = { ...none, verdict, findings: [verdict] };
  if (verdict.state === 'failed')
    return login.state === 'failed' ? found : { ...found, code: exitCode.connect };
  return { ...found, check: { ...none.check, error: undefined }, code: exitCode.ok };
}

interface Seen {
  readonly check: CheckResult;
  readonly means: Means;
  readonly options: ExamineOptions;
  readonly identityFile?: string | undefined;
  readonly brings?: Pick<MachineLogin, 'user'> | undefined;
  readonly made: ReturnType<typeof madeKeysOf>;
  readonly onStage: (stage: string) => void;
  /** When the first login began. Milliseconds. */
  readonly from: number;
  /** The login as it was typed; undefined: plain ssh has no words for it. */
  readonly plain: LoginVerdict | undefined;
}

async function explained(seen: Seen, io: Io, signal: AbortSignal): Promise<Examination> {
  const { check, means, options, brings, plain } = seen;
  const { over } = options;
  const { error } = check;
  // Where the journal ends, for the cause of a refusal.
  const before = over ? await lookAt(over, io, signal).catch(() => undefined) : undefined;
  const login = await anyLogin(seen, io, signal);
  const signs = await hostSigns(seen, io);
  const { findings: all, certain } = diagnose(signs);
  const isRefused = login?.reach === 'authentication' && !login.isOwn && !brings;
  const isExplained = login?.isOwn || certain || error?.otherHint;
  const into = over ?? (await wayInside(seen, login, isRefused || !isExplained, io, signal));
  const byManager = !over && into?.route === 'exec';
  const guest = into && (await lookBy(into, seen, { login, byManager, since: before?.cursor }, io, signal));
  const isBare = plain?.state === 'ok' && (over || !guest || guest.notRun);
  const bare = isBare ? await loginAsTyped(options, io, signal, true) : undefined;
  const settled = byBroughtSshd(byRoute(settle(login, bare), means), brings);
  const fix = isRefused && login ? await loginFix(seen, login.message, byManager, io, signal) : undefined;
  const isMissing = !byManager || guest?.lines.some(isKeyFix) === true;
  const [verdict] = settled ? shown({ ...settled, name: 'login' }, fix, isMissing) : [];
  const findings = [
    ...(verdict ? [verdict] : []),
    ...all.flatMap((each) => shown(each, fix, isMissing)),
    ...slowness(settled, check),
    ...(plain?.forcesTerminal ? [forced] : []),
    ...(signs.muxed === undefined ? [] : [byUserDevice(signs.muxed, io)]),
    ...(means.endpoint?.family === 'exec' ? await machineInside(means.text, io, signal) : []),
    ...(await ownFiles(options, io)),
  ];
  const mayLogIn = verdict?.state === 'ok' || verdict?.state === 'skipped';
  const isWrong = guest?.ok === false && !(guest.notRun && mayLogIn);
  const isFailed = isWrong || findings.some(({ state }) => state === 'failed');
  const ends = error && !mayLogIn ? exitCodeOf(error) : exitCode.ok;
  const code = ends === exitCode.ok && isFailed ? exitCode.connect : ends;
  const suspects = into || isExplained ? [] : all.filter(({ suspects }) => suspects !== undefined);
  // The guest does not know how this host puts a key there.
  const lines = guest?.lines.filter((line) => !byManager || !isKeyFix(line)) ?? [];
  return { check, verdict, code, findings, suspects, ...(guest ? { guest: { ...guest, lines, into } } : {}) };
}

function isKeyFix({ step, state }: ProgressLine): boolean {
  return step === 'key' && state === 'hint';
}

/** The login as typed, or, if ssh has no Host of that name, as vmssh ssh does it. Undefined: none was tried. */
async function anyLogin(seen: Seen, io: Io, signal: AbortSignal): Promise<LoginVerdict | undefined> {
  const { check, options, plain } = seen;
  const hasNoHost = plain?.reach === 'network';
  if (check.error || (plain && !hasNoHost))
    return check.error && plain?.state === 'failed' ? undefined : plain;
  const own = await loginByVmssh({ ...seen, ...options }, io, signal);
  if (!hasNoHost || own.state === 'failed') return own;
  const { host } = splitLogin(options.target);
  const lost = options.sshConfig === undefined ? await lostLines(io) : undefined;
  const why = lost ? `: ${lost.problem}` : '';
  const reach = own.state === 'ok' ? 'network' : own.reach;
  const what = own.state === 'ok' ? `vmssh ssh logs in as ${own.user}` : `by vmssh ssh, ${own.message}`;
  return {
    ...{ ...own, state: 'skipped', reach, isOwn: true, fix: lost?.fix ?? 'vmssh config install' },
    message: `${what}; plain ssh has no Host ${host}, and asks the network for it${why}`,
  };
}

/** What the login comes to if it does not go well from a program too, or with the user's ControlPath. */
function settle(login: LoginVerdict | undefined, bare: LoginVerdict | undefined): LoginVerdict | undefined {
  if (login?.state !== 'ok') return login;
  const { controlPath } = login;
  if (controlPath !== undefined)
    return { ...login, state: 'failed', message: controlPath.problem, fix: controlPath.fix };
  if (!bare || bare.state === 'ok') return login;
  const where = 'ssh logs in from a terminal, and not from a program that no shell started';
  return { ...bare, state: 'failed', message: `${where}: ${bare.message}` };
}

/** With the route that our proxy took, as the steps did. */
function byRoute(login: LoginVerdict | undefined, { endpoint, parsed }: Means): LoginVerdict | undefined {
  const route = endpoint && routeOf(endpoint);
  if (login?.state !== 'ok' || !login.isByProxy || !route) return login;
  const by = route === 'exec' ? `${parsed.kind} exec` : route;
  return { ...login, message: login.message.replace(/ s\)(?=;|$)/, ` s, by ${by})`) };
}

/** A brought sshd runs as the container's own user, whom ssh was not told. */
function byBroughtSshd(login: LoginVerdict | undefined, brings: Seen['brings']): LoginVerdict | undefined {
  if (!login || !brings || brings.user !== undefined) return login;
  const user = "the machine's own user";
  return { ...login, user, message: login.message.replace(` as ${login.user}`, ` as ${user}`) };
}

const forced: ShownFinding = {
  ...{ name: 'RequestTTY', state: 'skipped', fix: 'RequestTTY auto or yes in your ssh configuration' },
  message:
    'RequestTTY force is in your ssh configuration: sftp waits without an end, rsync and git fail; vmssh sftp and rsync undo it',
};

function byUserDevice(target: string, io: Io): ShownFinding {
  const message = `this CID is that of ${target}, by a vhost-user device, which the kernel's vsock does not reach`;
  return { name: 'CID', state: 'skipped', message, fix: `vmssh check ${shellQuoted(target, shellOf(io))}` };
}

/** A login that takes this much longer than its handshake waits for something, as a DNS query does for 5 s. Milliseconds. */
const slowLogin = 4500;

function slowness(login: LoginVerdict | undefined, { stages }: CheckResult): readonly ShownFinding[] {
  const handshakeMs = stages.reduce((sum, { ms }) => sum + ms, 0);
  if (login?.state !== 'ok' || login.ms - handshakeMs < slowLogin) return [];
  const [took, shook] = [login.ms, handshakeMs].map((ms) => `${(ms / 1000).toFixed(1)} s`);
  const causes = 'a name lookup, PAM, the login shell or a busy guest may be the cause';
  const message = `the login took ${took}, and the handshake before it ${shook}; ${causes}`;
  return [{ name: 'time', state: 'skipped', message }];
}

async function checked(
  { target, ...options }: ExamineOptions & { readonly hangs: boolean | undefined },
  io: Io,
  signal: AbortSignal,
  onStage: (stage: string) => void,
) {
  const check = await checkTarget(target, options, io, signal, onStage);
  const brings = options.until === 'login' ? await bringingLogin(check, io, signal) : undefined;
  const stages = [...check.stages, byHost];
  return { check: brings ? { ...check, stages, error: undefined } : check, brings };
}

interface Tried {
  readonly login: LoginVerdict | undefined;
  readonly byManager: boolean;
  /** Where the journal ended before, if it was looked at. */
  readonly since: string | undefined;
}

async function lookBy(
  into: Into,
  { check, means, made, from, options, identityFile }: Seen,
  { login, byManager, since }: Tried,
  io: Io,
  signal: AbortSignal,
): Promise<Inside> {
  const { over, routes, sshConfig } = options;
  const host = means.machine ?? splitLogin(check.target).host;
  const keys = byManager ? ownKeys({ host, sshConfig, more: [identityFile] }, io, signal) : undefined;
  const { port, user } = means;
  const recent = `-${Math.ceil((clock() - from) / 1000) + 2}s`;
  const inside = {
    port,
    account: user,
    over: overOf(means.endpoint),
    login: triedLogin(login, check, byManager ? recent : since),
    madeKey: made && madeHostKey(made),
    offered: blobsOf((await keys?.catch(() => [])) ?? []),
  };
  const way = { ...into, routes: over ? undefined : routes, port, identityFile };
  return lookInside(way, inside, io, signal, from);
}

/** How to look inside: by the login, if it worked, or, if that is needed, by the machine's own manager. */
async function wayInside(
  { check, means, options, plain, brings }: Seen,
  login: LoginVerdict | undefined,
  isNeeded: boolean,
  io: Io,
  signal: AbortSignal,
): Promise<Into | undefined> {
  const { sshConfig } = options;
  const host = `${means.user}@${means.text}`;
  const isOwnIn = login?.state === 'ok' || login?.reach === 'network';
  if (plain?.state === 'ok' && !brings) return insideAsTyped(options, io);
  if (isOwnIn && !brings)
    return { host, route: 'target', sshConfig, typed: typedHost(splitLogin(check.target).host) };
  if (!isNeeded) return undefined;
  return withManager({ host, route: 'exec', sshConfig }, io, signal).catch((error) => {
    if (!(error instanceof ConnectError)) throw error;
    return undefined;
  });
}

/** A finding as it is shown, unless only a look inside could tell; `fix`: of a refused login, if the key is what is missing. */
function shown(
  { suspects, fix: known, ...each }: Finding,
  fix: string | undefined,
  isMissing: boolean,
): readonly ShownFinding[] {
  const isOpen = known === guestFailures.login.fix;
  const said = isOpen ? (isMissing ? (fix ?? known) : undefined) : known;
  return suspects ? [] : [{ ...each, ...(said === undefined ? {} : { fix: said }) }];
}

/** The known_hosts files of the user's own Host of that name, which our lines displace. */
async function ownFiles({ target: typed }: ExamineOptions, io: Io): Promise<readonly ShownFinding[]> {
  const texts = await usersTexts(io);
  const files = knownHostsNamedIn(texts)(splitLogin(typed).host);
  if (files.length === 0) return [];
  return [{ name: 'known_hosts', state: 'skipped', message: `${files.join(' ')}: ${onlyRevoked}` }];
}

async function loginFix(
  { means: { parsed, identityFile, user, text }, options }: Seen,
  message: string,
  isByManager: boolean,
  io: Io,
  signal: AbortSignal,
): Promise<string | undefined> {
  const fix = await keyFix(parsed, identityFile);
  if (fix !== undefined || !/permission denied/i.test(message)) return fix;
  const words = [user, splitLogin(options.target).host];
  const [account, target] = words.map((each) => shellQuoted(each, shellOf(io)));
  const setup = `vmssh setup --user ${account} ${target}`;
  if (isByManager) return setup;
  const { machine } = await lookUp(text, io, signal);
  if (machine === undefined || !/password|keyboard/.test(message)) return undefined;
  // Another setup would come back to this.
  if ((await keptLogin(machine, io))?.user === user)
    return `vmssh setup put your key there: the log of its sshd, on its console, has the reason`;
  return `${setup}, by a login with the password of ${account}`;
}

/** What is said of virtual machines in a container that was checked: its name leads to none of them. */
async function machineInside(target: string, io: Io, signal: AbortSignal): Promise<readonly ShownFinding[]> {
  const { machine } = await lookUp(target, io, signal);
  const id = machine?.container?.id.slice(0, 12);
  if (id === undefined) return [];
  const { warnings } = await listAll({ ...io, signal }, await loadHere(io, ['qemu', 'kvm']));
  const about = warnings.filter(({ code, problem }) => code === 'NOT_LISTED' && problem.includes(` ${id}:`));
  return about.map(({ problem }) => ({ state: 'skipped', name: 'virtual machine', message: problem }));
}

const byHost = { stage: 'connected', ms: 0, found: 'it has no sshd: its Host brings one' } as const;

async function bringingLogin({ means, error }: CheckResult, io: Io, signal: AbortSignal) {
  if (!means || !lacksSshd(error) || whyNoBring(await callerOfLines(io, true))) return undefined;
  const { machine } = await lookUp(means.text, io, signal);
  const login = await madeLogin(machine, io);
  return login?.brings ? login : undefined;
}

function triedLogin(login: LoginVerdict | undefined, { error, means }: CheckResult, cursor?: string) {
  const tried = login && triedBy(login, `over ${means?.text}`, cursor);
  const isTried = tried?.state === 'in' || (tried && !error);
  return isTried ? tried : ({ state: 'not tried', about: error?.problem ?? '' } as const);
}

/** What this host can see of a target, beyond the stages of a check. */
export async function hostSigns(
  { check, means, plain }: Pick<Seen, 'check' | 'means' | 'plain'>,
  io: Io,
  machines: () => Promise<readonly DiscoveredMachine[]> = async () =>
    (await listAll(io, await loadKnowing(io, 'vsock'))).machines,
  services?: typeof listServices,
): Promise<Signs & { readonly muxed?: string | undefined }> {
  const { parsed, port } = means;
  const { error } = check;
  const isOfHost = io.platform === 'linux' && parsed.kind === 'vsock';
  const listed = isOfHost ? await machines() : [];
  const twice = isOfHost ? sharedCids(listed).get(parsed.cid) : undefined;
  const muxed =
    isOfHost && error
      ? listed.find((each) => each.cid === parsed.cid && vhostCid(each) === undefined)
      : undefined;
  const { from: reachedFrom, takesPort } = kindOf(parsed);
  const byHyperV = io.platform === 'win32' && takesPort && reachedFrom.startsWith('windows');
  const needsService = error && byHyperV && !isSshPort(port) && port <= 0x7fffffff;
  const registered = needsService ? await isRegistered(port, io, services) : undefined;
  return {
    error,
    family: means.endpoint?.family,
    controlPath: plain?.controlPath,
    cidUsers: twice ?? [],
    muxed: muxed?.target,
    service: registered === undefined ? undefined : { port, registered },
  };
}
