import { checkTarget } from '../../checks/check-target.js';
import { type Inside, lookAt, lookInside, overOf, withManager } from '../../checks/inside.js';
import { blobsOf, ownKeys } from '../../checks/own-keys.js';
import type { CheckResult, LastStage, Means } from '../../checks/result.js';
import { type LoginEnd, runLogin } from '../../checks/try-login.js';
import type { ReachFlags } from '../../cli/shared-options.js';
import { startProgress } from '../../cli/terminal.js';
import { ConnectError, exitCode, exitCodeOf, printable } from '../../errors.js';
import { diagnose, type Finding, type Signs } from '../../guest/diagnose.js';
import { guestFailures } from '../../guest/failures.js';
import { guestLogin, type HostFlags } from '../../guest/run/route.js';
import type { ProgressLine } from '../../guest/run/run-script.js';
import type { TriedLogin } from '../../guest/script.js';
import { callerOfLines } from '../../hosts/decide.js';
import { kindOf } from '../../kinds/kinds.js';
import { lookUp, splitLogin } from '../../lookup/login.js';
import type { Io } from '../../process/io.js';
import { asksNothing, sshAbilities, sshProgram } from '../../process/ssh-program.js';
import { lacksSshd } from '../../reach/all-failed.js';
import { now as clock } from '../../runtime.js';
import { loadHere, loadJoining } from '../../sources/here.js';
import { isRegistered, type listServices } from '../../sources/hyper-v/services.js';
import { listAll, sharedCids } from '../../sources/list-all.js';
import type { DiscoveredMachine } from '../../sources/source.js';
import { callerForSsh } from '../../ssh/config/caller.js';
import { whyNoBring } from '../../ssh/config/host-options.js';
import { keptLogin, type MachineLogin, madeLogin } from '../../ssh/config/logins.js';
import { knownHostsNamedIn, onlyRevoked, usersTexts } from '../../ssh/config/users-files.js';
import { brokenControlPath } from '../../ssh/control-path.js';
import { ownAccount } from '../../ssh/folder.js';
import { madeHostKey, madeKeysOf } from '../../ssh/guest-keys.js';
import { keyFix, ownKeyFile, sshSettings } from '../../ssh/login-key.js';
import { typedHost } from '../../typed/names.js';
import { isSshPort } from '../../typed/numbers.js';
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
  /** The exit code: of what stopped the check; 1 if only a finding is wrong. */
  readonly code: number;
  readonly findings: readonly ShownFinding[];
  readonly suspects: readonly Finding[];
  readonly guest?: Inside;
}

export type ShownFinding = Pick<Finding, 'state' | 'message' | 'fix'> & { readonly name: string };

export interface Show {
  check(result: CheckResult): void;
  finding(finding: ShownFinding): void;
  guest(): void;
  line(line: ProgressLine, into?: HostFlags): void;
  fix(text: string | undefined): void;
  suspects(findings: readonly Finding[]): void;
}

export async function examine(options: ExamineOptions, io: Io, show: Show | undefined): Promise<Examination> {
  const { target: typed, over, sshConfig, routes, until } = options;
  const signal = io.interrupted();
  const { check, brings } = await checked(options, io, signal);
  show?.check(check);
  const code = check.error ? exitCodeOf(check.error) : exitCode.ok;
  if (until !== 'login' || !check.means || signal.aborted) return { check, code, findings: [], suspects: [] };
  const { means } = check;
  const made = madeKeysOf(means.machine ?? splitLogin(typed).host, io.env);
  // As vmssh ssh does.
  const identityFile = made?.identityFile ?? (await ownKeyFile(means.identityFile));
  // Where the journal ends, for the cause of a refusal.
  const from = clock();
  const before = over ? await lookAt(over, io, signal).catch(() => undefined) : undefined;
  const seen = { check, means, brings, identityFile, sshConfig, routes };
  const signs = await hostSigns(seen, io, signal);
  const { login } = signs;
  const { findings: all, certain } = diagnose(signs);
  const isRefused = login?.in === false && login.ended === undefined && !brings;
  const isExplained = certain || check.error?.otherHint;
  const isIn = login?.in === true && !brings;
  const into = over ?? (await wayInside(seen, isIn, isRefused || !isExplained, io, signal));
  const byManager = !over && into?.route === 'exec';
  const fix = isRefused ? await loginFix(means, login.message, byManager, io, signal) : undefined;
  const inner = means.endpoint?.family === 'exec' ? await machineInside(means.text, io, signal) : [];
  const rest = [...inner, ...(await ownFiles(typed, io))];
  const findings = (isMissing: boolean) => [...all.flatMap((each) => shown(each, fix, isMissing)), ...rest];
  for (const finding of findings(!byManager)) show?.finding(finding);

  const suspects = into || isExplained ? [] : all.filter(({ suspects }) => suspects !== undefined);
  const isWrong = findings(true).some(({ state }) => state === 'failed');
  const worst = code === exitCode.ok && isWrong ? exitCode.connect : code;
  if (!into) {
    show?.suspects(suspects);
    return { check, code: worst, findings: findings(true), suspects };
  }
  show?.guest();
  // The guest does not know how this host puts a key there.
  const isKeyFix = ({ step, state }: ProgressLine) => byManager && step === 'key' && state === 'hint';
  const tried = { ...seen, login, from, made, since: before?.cursor, byManager };
  const guest = await lookBy({ ...into, routes: over ? undefined : routes }, tried, io, signal, (line) =>
    isKeyFix(line) ? show?.fix(fix) : show?.line(line, into),
  );
  const isMissing = !byManager || guest.lines.some(isKeyFix);
  const found = worst === exitCode.ok && !guest.ok ? exitCode.connect : worst;
  const lines = guest.lines.filter((line) => !isKeyFix(line));
  return { check, code: found, findings: findings(isMissing), suspects, guest: { ...guest, lines } };
}

async function checked({ target, ...options }: ExamineOptions, io: Io, signal: AbortSignal) {
  const progress = await startProgress(io, `checking ${printable(target)}`);
  const onStage = (stage: string) => progress.update(printable(`${target}: ${stage}`));
  const check = await checkTarget(target, options, io, signal, onStage);
  const brings = options.until === 'login' ? await bringingLogin(check, io, signal) : undefined;
  progress.stop();
  const stages = [...check.stages, byHost];
  return { check: brings ? { ...check, stages, error: undefined } : check, brings };
}

interface Tried extends Seen {
  readonly login: Signs['login'];
  /** When the login began. Milliseconds. */
  readonly from: number;
  readonly made: ReturnType<typeof madeKeysOf>;
  /** Where the journal ended then, if it was looked at. */
  readonly since: string | undefined;
  readonly byManager: boolean;
}

async function lookBy(
  into: HostFlags & Pick<ExamineOptions, 'routes'>,
  { check, means, login, from, made, since, byManager, sshConfig, identityFile }: Tried,
  io: Io,
  signal: AbortSignal,
  onLine: (line: ProgressLine) => void,
): Promise<Inside> {
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
  return lookInside({ ...into, port, identityFile }, inside, io, signal, from, onLine);
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

/** How to look inside: by the login, if it worked, or, if that is needed, by the machine's own manager. */
async function wayInside(
  { check, means, sshConfig }: Seen,
  isIn: boolean,
  isNeeded: boolean,
  io: Io,
  signal: AbortSignal,
): Promise<HostFlags | undefined> {
  const host = `${means.user}@${means.text}`;
  if (isIn) return { host, route: 'target', sshConfig, typed: typedHost(splitLogin(check.target).host) };
  if (!isNeeded) return undefined;
  return withManager({ host, route: 'exec', sshConfig }, io, signal).catch((error) => {
    if (!(error instanceof ConnectError)) throw error;
    return undefined;
  });
}

/** The known_hosts files of the user's own Host of that name, which our lines displace. */
async function ownFiles(typed: string, io: Io): Promise<readonly ShownFinding[]> {
  const texts = await usersTexts(io);
  const files = knownHostsNamedIn(texts)(splitLogin(typed).host);
  if (files.length === 0) return [];
  return [{ name: 'known_hosts', state: 'skipped', message: `${files.join(' ')}: ${onlyRevoked}` }];
}

async function loginFix(
  { parsed, identityFile, user, text }: Means,
  message: string,
  isByManager: boolean,
  io: Io,
  signal: AbortSignal,
): Promise<string | undefined> {
  const fix = await keyFix(parsed, identityFile);
  if (fix !== undefined || !/permission denied/i.test(message)) return fix;
  const [account, target] = [user, text].map((each) => shellQuoted(each, shellOf(io)));
  const setup = `vmssh setup --user ${account} ${target} puts your key there`;
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

function triedLogin(login: Signs['login'], { error, means }: CheckResult, cursor = ''): TriedLogin {
  if (!login) return { state: 'not tried', about: error?.problem ?? '' };
  if (login.in) return { state: 'in', about: `over ${means?.text}`, cursor };
  return { state: login.ended === undefined ? 'refused' : 'ended', about: login.message, cursor };
}

interface Seen extends Pick<ExamineOptions, 'sshConfig' | 'routes'> {
  readonly check: CheckResult;
  readonly means: Means;
  readonly identityFile?: string | undefined;
  readonly brings?: Pick<MachineLogin, 'user'> | undefined;
}

type RunLogin = (...args: Parameters<typeof runLogin>) => Promise<Omit<LoginEnd, 'stderr'>>;

/** What this host can see of a target, beyond the stages of a check. */
export async function hostSigns(
  seen: Seen,
  io: Io,
  signal: AbortSignal,
  run: RunLogin = runLogin,
  machines: () => Promise<readonly DiscoveredMachine[]> = async () =>
    (await listAll(io, await loadJoining(io, 'vsock'))).machines,
  now: () => number = clock,
  services?: typeof listServices,
): Promise<Signs> {
  const { check, means, sshConfig } = seen;
  const { parsed, port } = means;
  const { error, stages } = check;
  const login = error ? undefined : await loginSign(seen, io, signal, run, now);
  const isOfHost = io.platform === 'linux' && parsed.kind === 'vsock';
  const twice = isOfHost ? sharedCids(await machines()).get(parsed.cid) : undefined;
  const { from: reachedFrom, takesPort } = kindOf(parsed);
  const byHyperV = io.platform === 'win32' && takesPort && reachedFrom.startsWith('windows');
  const needsService = error && byHyperV && !isSshPort(port) && port <= 0x7fffffff;
  const registered = needsService ? await isRegistered(port, io, services) : undefined;
  const { host } = splitLogin(check.target);
  return {
    error,
    family: means.endpoint?.family,
    handshakeMs: stages.reduce((sum, { ms }) => sum + ms, 0),
    login,
    controlPath: brokenControlPath(await sshSettings({ host, sshConfig, signal }, io), host),
    cidUsers: twice ?? [],
    service: registered === undefined ? undefined : { port, registered },
  };
}

/** A login by ssh, without prompts, and if it is refused the keys that ssh offers. */
async function loginSign(
  { check, means, sshConfig, identityFile, routes, brings }: Seen,
  io: Io,
  signal: AbortSignal,
  run: RunLogin,
  now: () => number,
): Promise<Signs['login']> {
  const { self, platform } = io;
  const { text, port, user } = means;
  const host = `${user}@${text}`;
  const ssh = sshProgram(io);
  const { asksForKeys, listsKeys } = await sshAbilities(io.env, ssh);
  // The key was looked at before, and a look keeps none.
  const settings = [asksNothing, ...(asksForKeys ? ['KnownHostsCommand=none'] : [])];
  // As in the lines of that Host: this host's own user stands for none. A relay that ssh ends would leave the sshd there.
  const { program, fdpass } = brings ? await callerForSsh(io) : {};
  const bringing = brings && { self: program, fdpass, bring: true, namesUser: brings.user !== undefined };
  const common = { ssh, sshConfig, port, routes, identityFile, self, platform, logLevel: 'INFO' } as const;
  const how = { ...common, typed: typedHost(splitLogin(check.target).host), ...bringing };
  const call = (flag: string, command?: string) =>
    run(guestLogin({ route: 'target', host, ...how }, { flags: [flag], settings, command }), io, signal);
  const from = now();
  const { code, message, lacksTerminal } = await call('-tt', 'true');
  const ms = now() - from;
  const listed = listsKeys && code !== 0 ? (await call('-Z')).stdout.split('\n') : [];
  const isOwn = bringing && !bringing.namesUser && user === ownAccount()?.name;
  return {
    in: code === 0,
    ms,
    message,
    user: isOwn ? "the machine's own user" : user,
    keys: listed.filter((line) => fingerprint.test(line)),
    lacksTerminal,
    ended: code === 0 || code === 255 ? undefined : (code ?? undefined),
  };
}

/** In a line of `ssh -Z`, "ann@mint ED25519 SHA256:… agent" (format_identity in its sshconnect2.c). A line without a fingerprint names a file that may be missing. */
const fingerprint = / (SHA256|MD5):/;
