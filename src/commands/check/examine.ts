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
import { kindOf, parseTarget } from '../../kinds/kinds.js';
import { lookUp, splitLogin } from '../../lookup/login.js';
import type { Io } from '../../process/io.js';
import { asksNothing, sshAbilities, sshProgram } from '../../process/ssh-program.js';
import { lacksSshd } from '../../reach/all-failed.js';
import { now as clock } from '../../runtime.js';
import { loadHere, loadJoining } from '../../sources/here.js';
import { isRegistered, type listServices } from '../../sources/hyper-v/services.js';
import { listAll, sharedCids } from '../../sources/list-all.js';
import type { Deps, DiscoveredMachine } from '../../sources/source.js';
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
  /** Possible causes that need a check from inside, if there was none. */
  readonly suspects: readonly Finding[];
  /** The findings from inside the guest; undefined if it was not checked. */
  readonly guest?: Inside;
}

export type ShownFinding = Pick<Finding, 'state' | 'message' | 'fix'> & { readonly name: string };

/** Prints each part as it is found. */
export interface Show {
  check(result: CheckResult): void;
  finding(finding: ShownFinding): void;
  guest(): void;
  line(line: ProgressLine, into?: HostFlags): void;
  fix(text: string | undefined): void;
  suspects(findings: readonly Finding[]): void;
}

/** Checks from this host up to `until`, and from inside the guest if it can log in. */
export async function examine(options: ExamineOptions, io: Io, show: Show | undefined): Promise<Examination> {
  const { target: typed, over, sshConfig, routes, until } = options;
  const signal = io.interrupted();
  const progress = await startProgress(io, `checking ${printable(typed)}`);
  const seen = await checkTarget(typed, options, io, signal, (stage) =>
    progress.update(printable(`${typed}: ${stage}`)),
  );
  const brings = until === 'login' ? await bringingLogin(seen, io, signal) : undefined;
  const check = brings ? { ...seen, stages: [...seen.stages, byHost], error: undefined } : seen;
  progress.stop();
  show?.check(check);
  const code = check.error ? exitCodeOf(check.error) : exitCode.ok;
  if (until !== 'login' || !check.means || signal.aborted) return { check, code, findings: [], suspects: [] };
  const { text: target, port, user, endpoint } = check.means;
  const name = check.means.machine ?? splitLogin(typed).host;
  const made = madeKeysOf(name, io.env);
  // As vmssh ssh does.
  const identityFile = made?.identityFile ?? (await ownKeyFile(check.means.identityFile));
  // Where the journal ends, for the cause of a refusal.
  const from = clock();
  const before = over ? await lookAt(over, io, signal).catch(() => undefined) : undefined;
  const of = { target, port, user, sshConfig, identityFile, routes, check, brings };
  const signs = await hostSigns(of, io, signal);
  const { login } = signs;
  const { findings: all, certain } = diagnose(signs);
  const isRefused = login?.in === false && login.ended === undefined && !brings;
  const isExplained = certain || check.error?.otherHint;
  const asked = { ...of, typed, over, isIn: login?.in && !brings };
  const into = await wayInside(asked, isRefused || !isExplained, io, signal);
  const byManager = !over && into?.route === 'exec';
  const fix = isRefused ? await loginFix(check.means, login.message, byManager, io, signal) : undefined;
  const inner = endpoint?.family === 'exec' ? await machineInside(target, io, signal) : [];
  const rest = [...inner, ...(await ownFiles(typed, sshConfig, io))];
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
  const since = `-${Math.ceil((clock() - from) / 1000) + 2}s`;
  const own = { host: name, sshConfig, more: [identityFile] };
  const inside = {
    port,
    account: user,
    over: overOf(endpoint),
    login: triedLogin(login, check, byManager ? since : before?.cursor),
    madeKey: made && madeHostKey(made),
    offered: byManager ? blobsOf(await ownKeys(own, io, signal).catch(() => [])) : [],
  };
  const way = { ...into, port, routes: over ? undefined : routes, identityFile };
  // The guest does not know how this host puts a key there.
  const isKeyFix = ({ step, state }: ProgressLine) => byManager && step === 'key' && state === 'hint';
  const guest = await lookInside(way, inside, io, signal, from, (line) =>
    isKeyFix(line) ? show?.fix(fix) : show?.line(line, into),
  );
  const isMissing = !byManager || guest.lines.some(isKeyFix);
  const found = worst === exitCode.ok && !guest.ok ? exitCode.connect : worst;
  const lines = guest.lines.filter((line) => !isKeyFix(line));
  return { check, code: found, findings: findings(isMissing), suspects, guest: { ...guest, lines } };
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

interface Asked extends Pick<ExamineOptions, 'target' | 'over' | 'sshConfig'> {
  readonly typed: string;
  readonly user: string;
  /** Whether the login worked. */
  readonly isIn: boolean | undefined;
}

/** How to look inside: as the user says, by the login, or, if it is needed, by the machine's own manager. */
async function wayInside(
  { typed, target, user, over, sshConfig, isIn }: Asked,
  isNeeded: boolean,
  io: Io,
  signal: AbortSignal,
): Promise<HostFlags | undefined> {
  const host = `${user}@${target}`;
  if (over) return over;
  if (isIn) return { host, route: 'target', sshConfig, typed: typedHost(splitLogin(typed).host) };
  if (!isNeeded) return undefined;
  return withManager({ host, route: 'exec', sshConfig }, io, signal).catch((error) => {
    if (!(error instanceof ConnectError)) throw error;
    return undefined;
  });
}

/** The known_hosts files of the user's own Host of that name, which our lines displace. */
async function ownFiles(typed: string, file: string | undefined, io: Io): Promise<readonly ShownFinding[]> {
  const texts = await usersTexts({ env: io.env, platform: io.platform, file });
  const files = knownHostsNamedIn(texts)(splitLogin(typed).host);
  if (files.length === 0) return [];
  return [{ name: 'known_hosts', state: 'skipped', message: `${files.join(' ')}: ${onlyRevoked}` }];
}

/** What lets a key in that was refused; undefined: what the catalogue has. */
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

/** The login of a machine without an sshd, if its Host brings one. */
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

interface SignOptions extends Pick<ExamineOptions, 'target' | 'sshConfig' | 'routes'> {
  readonly port: number;
  readonly user: string;
  /** A private key for the login, made by the machine's manager. */
  readonly identityFile?: string;
  readonly check: CheckResult;
  /** The login of its Host, which brings an sshd. */
  readonly brings?: Pick<MachineLogin, 'user'> | undefined;
}

type RunLogin = (...args: Parameters<typeof runLogin>) => Promise<Omit<LoginEnd, 'stderr'>>;

/** What this host can see of a target, beyond the stages of a check. */
export async function hostSigns(
  { target, port, user, sshConfig, identityFile, routes, check, brings }: SignOptions,
  io: Io,
  signal: AbortSignal,
  run: RunLogin = runLogin,
  machines: () => Promise<readonly DiscoveredMachine[]> = () => machinesByVsock(io),
  now: () => number = clock,
  services?: typeof listServices,
): Promise<Signs> {
  const parsed = parseTarget(target);
  const { error, stages } = check;
  const handshakeMs = stages.reduce((sum, { ms }) => sum + ms, 0);
  let login: Signs['login'];
  if (!error) {
    const { self, platform } = io;
    const host = `${user}@${target}`;
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
    const done = await call('-tt', 'true');
    const [isIn, ms] = [done.code === 0, now() - from];
    const ended = isIn || done.code === 255 ? undefined : (done.code ?? undefined);
    const listed = listsKeys && !isIn ? (await call('-Z')).stdout.split('\n') : [];
    const keys = listed.filter((line) => fingerprint.test(line));
    const isOwn = bringing && !bringing.namesUser && user === ownAccount()?.name;
    const { message, lacksTerminal } = done;
    const who = isOwn ? "the machine's own user" : user;
    login = {
      in: isIn,
      ms,
      message,
      user: who,
      keys,
      lacksTerminal,
      ...(ended === undefined ? {} : { ended }),
    };
  }
  const twice =
    io.platform === 'linux' && parsed.kind === 'vsock'
      ? sharedCids(await machines()).get(parsed.cid)
      : undefined;
  const { from: reachedFrom, takesPort } = kindOf(parsed);
  const byHyperV = io.platform === 'win32' && takesPort && reachedFrom.startsWith('windows');
  const needsService = error && byHyperV && !isSshPort(port) && port <= 0x7fffffff;
  const registered = needsService ? await isRegistered(port, io, services) : undefined;
  const service = registered === undefined ? undefined : { port, registered };
  const { host } = splitLogin(check.target);
  const controlPath = brokenControlPath(await sshSettings({ host, sshConfig, signal }, io), host);
  const family = check.means?.endpoint?.family;
  return { error, family, handshakeMs, login, controlPath, cidUsers: twice ?? [], service };
}

/** In a line of `ssh -Z`, "ann@mint ED25519 SHA256:… agent" (format_identity in its sshconnect2.c). A line without a fingerprint names a file that may be missing. */
const fingerprint = / (SHA256|MD5):/;

/** The machines of every source that knows which of them has which CID of this host. */
export async function machinesByVsock(deps: Deps): Promise<readonly DiscoveredMachine[]> {
  return (await listAll(deps, await loadJoining(deps, 'vsock'))).machines;
}
