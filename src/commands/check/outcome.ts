import { type ConnectError, exitCode, exitCodeOf } from '../../base/errors.js';
import { keptLogin } from '../../book/logins.js';
import type { CheckResult, Means } from '../../checks/result.js';
import type { LoginVerdict } from '../../checks/verdict.js';
import type { Inside } from '../../entry/run.js';
import { type FailureName, guestFailures, suspects } from '../../guest/failures.js';
import type { Finding } from '../../guest/report.js';
import { keyFix } from '../../keys/login-key.js';
import { kindOf } from '../../kinds/kinds.js';
import type { Io } from '../../process/io.js';
import { lookUp, splitLogin } from '../../reach/login.js';
import { loadHere, loadKnowing } from '../../sources/here.js';
import { isRegistered, type listServices } from '../../sources/hyper-v/services.js';
import { listAll, sharedCids } from '../../sources/list-all.js';
import { vhostCid } from '../../sources/routes.js';
import type { DiscoveredMachine } from '../../sources/source.js';
import { knownHostsNamedIn, onlyRevoked, usersTexts } from '../../ssh/config/users-files.js';
import type { ControlPathTrouble } from '../../ssh/control-path.js';
import { isSshPort } from '../../typed/numbers.js';
import { type Endpoint, routeOf } from '../../typed/route.js';
import { shellOf, shellQuoted } from '../../typed/shell.js';

/** What the login comes to if it does not go well from a program too, or with the user's ControlPath. */
export function settle(
  login: LoginVerdict | undefined,
  bare: LoginVerdict | undefined,
): LoginVerdict | undefined {
  if (login?.state !== 'ok') return login;
  const { controlPath } = login;
  if (controlPath !== undefined)
    return { ...login, state: 'failed', message: controlPath.problem, fix: controlPath.fix };
  if (!bare || bare.state === 'ok') return login;
  const where = 'ssh logs in from a terminal, and not from a program that no shell started';
  return { ...bare, state: 'failed', message: `${where}: ${bare.message}` };
}

/** With the route that our proxy took, as the steps did. */
export function byRoute(
  login: LoginVerdict | undefined,
  { endpoint, parsed }: Means,
): LoginVerdict | undefined {
  const route = endpoint && routeOf(endpoint);
  if (login?.state !== 'ok' || !login.isByProxy || !route) return login;
  const by = route === 'exec' ? `${parsed.kind} exec` : route;
  return { ...login, message: login.message.replace(/ s\)(?=;|$)/, ` s, by ${by})`) };
}

/** The verdict with the container's own user, as whom a brought sshd runs: ssh was not told that name. */
export function byBroughtSshd(
  login: LoginVerdict | undefined,
  brings: { readonly user?: string } | undefined,
): LoginVerdict | undefined {
  if (!login || !brings || brings.user !== undefined) return login;
  const user = "the machine's own user";
  return { ...login, user, message: login.message.replace(` as ${login.user}`, ` as ${user}`) };
}

/** A verdict as a row; `fix`: of a refused login, if the key is what is missing. */
export function rowOf(
  { state, message: found, fix: known }: LoginVerdict,
  fix?: string,
  isMissing = true,
): Finding {
  const isOpen = known === guestFailures.login.fix;
  return { name: 'login', state, found, fix: isOpen ? (isMissing ? (fix ?? known) : undefined) : known };
}

interface Outcome {
  readonly error: ConnectError | undefined;
  readonly verdict: Finding | undefined;
  readonly findings: readonly Finding[];
  readonly guest: Inside | undefined;
}

/** The exit code: of what stopped the check; 1 if only a finding is wrong. Where ssh would ask, a person logs in, and the key that the machine lacks is no fault. */
export function codeOf({ error, verdict, findings, guest }: Outcome): number {
  const asks = verdict?.state === 'skipped';
  const mayLogIn = verdict?.state === 'ok' || asks;
  if (error && !mayLogIn) return exitCodeOf(error);
  const isFault = ({ state }: Finding) => state === 'failed';
  const faults = guest?.findings.filter(isFault) ?? [];
  const lacksKey = asks && faults.length > 0 && faults.every(({ name }) => name === 'key');
  const isWrong = guest?.ok === false && !(guest.notRun && mayLogIn) && !lacksKey;
  return isWrong || findings.some(isFault) ? exitCode.connect : exitCode.ok;
}

/** What the login did without, and what fails by it, as `ssh -G` prints the user's settings. */
export function untried(settings = ''): readonly Finding[] {
  const set = halves.filter(({ signs }) => signs.every((sign) => sign.test(settings)));
  return set.map(({ name, found, fix }) => ({ name, state: 'skipped', found: `${name} ${found}`, fix }));
}

const halves = [
  {
    name: 'RequestTTY',
    signs: [/^requesttty force$/m],
    found:
      'force is in your ssh configuration: sftp waits without an end, rsync and git fail; vmssh sftp and rsync undo it',
    fix: 'RequestTTY auto or yes in your ssh configuration',
  },
  {
    name: 'RemoteCommand',
    signs: [/^remotecommand (?!none$)/m],
    found:
      'is in your ssh configuration: ssh NAME COMMAND, rsync, git and editors fail; vmssh rsync undoes it',
    fix: 'ssh -o RemoteCommand=none NAME COMMAND; for good put it into a Host of another name',
  },
  {
    name: 'LocalCommand',
    signs: [/^permitlocalcommand yes$/m, /^localcommand /m],
    found: 'is in your ssh configuration: if it prints, rsync and git fail; vmssh rsync undoes it',
    fix: 'end LocalCommand with >&2',
  },
  {
    name: 'ExitOnForwardFailure',
    signs: [/^exitonforwardfailure yes$/m, /^(?:local|remote|dynamic)forward /m],
    found:
      'is in your ssh configuration: ssh ends if a port of its forwardings is taken, as by another login; not tried here',
    fix: 'ssh -o ExitOnForwardFailure=no NAME',
  },
];

/** A login that takes this much longer than its handshake waits for something, as a DNS query does for 5 s. Milliseconds. */
const slowLogin = 4500;

export function slowness(login: LoginVerdict | undefined, { stages }: CheckResult): readonly Finding[] {
  const handshakeMs = stages.reduce((sum, { ms }) => sum + ms, 0);
  if (login?.state !== 'ok' || login.ms - handshakeMs < slowLogin) return [];
  const [took, shook] = [login.ms, handshakeMs].map((ms) => `${(ms / 1000).toFixed(1)} s`);
  const causes = 'a name lookup, PAM, the login shell or a busy guest may be the cause';
  const text = `the login took ${took}, and the handshake before it ${shook}; ${causes}`;
  return [{ name: 'time', state: 'skipped', found: text }];
}

/** The known_hosts files of the user's own Host of that name, which our lines displace. */
export async function ownFiles(typed: string, io: Io): Promise<readonly Finding[]> {
  const texts = await usersTexts(io);
  const files = knownHostsNamedIn(texts)(splitLogin(typed).host);
  if (files.length === 0) return [];
  return [{ name: 'known_hosts', state: 'skipped', found: `${files.join(' ')}: ${onlyRevoked}` }];
}

export async function loginFix(
  typed: string,
  { parsed, identityFile, user, text }: Means,
  message: string,
  isByManager: boolean,
  io: Io,
  signal: AbortSignal,
): Promise<string | undefined> {
  const fix = await keyFix(parsed, identityFile);
  if (fix !== undefined || !/permission denied/i.test(message)) return fix;
  const words = [user, splitLogin(typed).host];
  const [account, target] = words.map((word) => shellQuoted(word, shellOf(io)));
  const setup = `vmssh setup --user ${account} ${target}`;
  if (isByManager) return setup;
  const { machine } = await lookUp(text, io, signal);
  if (machine === undefined || !/password|keyboard/.test(message)) return undefined;
  // Another setup would come back to this.
  if ((await keptLogin(machine, io))?.user === user)
    return 'setup put your key there: the log of its sshd, on its console, has the reason';
  return `if you know the password of ${account}: ${setup}`;
}

/** What is said of virtual machines in a container that was checked: its name leads to none of them. */
export async function machineInside(
  target: string,
  io: Io,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { machine } = await lookUp(target, io, signal);
  const id = machine?.container?.id.slice(0, 12);
  if (id === undefined) return [];
  const { warnings } = await listAll({ ...io, signal }, await loadHere(io, ['qemu', 'kvm']));
  const about = warnings.filter(({ code, problem }) => code === 'NOT_LISTED' && problem.includes(` ${id}:`));
  return about.map(({ problem }) => ({ state: 'skipped', name: 'virtual machine', found: problem }));
}

interface Looked {
  readonly check: CheckResult;
  readonly means: Means;
  readonly plain: LoginVerdict | undefined;
}

export interface Signs {
  /** What stopped the connection before the end of the handshake; undefined: nothing. */
  readonly error: ConnectError | undefined;
  readonly family?: Endpoint['family'];
  readonly controlPath?: ControlPathTrouble;
  readonly cidUsers: readonly { readonly name: string; readonly cid?: number; readonly pid?: number }[];
  /** Whether the port's service is registered with Windows; undefined if not checked. */
  readonly service?: { readonly port: number; readonly registered: boolean };
}

/** Judges the signs. `suspected`: what may be the cause. `certain`: the fault is known without a check from inside. */
export function diagnose(signs: Signs) {
  const { error, cidUsers, service } = signs;
  const findings: Finding[] = [];
  if (cidUsers.length > 1) {
    const who = cidUsers.map(({ name, pid }) => `${name} (pid ${pid})`).join(' and ');
    findings.push(failed('cid-twice', `CID ${cidUsers[0]?.cid} is used by ${who}`));
  }
  if (service && !service.registered && error) {
    const { port } = service;
    const text = `Windows has no service of port ${port} under GuestCommunicationServices`;
    const fix = guestFailures['service-guid'].fix.replace('PORT', String(port));
    findings.push(failed('service-guid', text, fix));
  }
  const suspected = error ? suspects(error, signs.family) : [];
  const certain = findings.length > 0 || suspected.length === 0;
  if (signs.controlPath)
    findings.push(failed('control-path', signs.controlPath.problem, signs.controlPath.fix));
  return { findings, suspected, certain };
}

function failed(name: FailureName, text: string, fix: string = guestFailures[name].fix): Finding {
  return { state: 'failed', name, found: text, fix };
}

/** What this host can see of a target, beyond the stages of a check. */
export async function hostSigns(
  { check, means, plain }: Looked,
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
      ? listed.find((machine) => machine.cid === parsed.cid && vhostCid(machine) === undefined)
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

export function byUserDevice(target: string, io: Io): Finding {
  const text = `this CID is that of ${target}, by a vhost-user device, which the kernel's vsock does not reach`;
  return {
    name: 'CID',
    state: 'skipped',
    found: text,
    fix: `vmssh check ${shellQuoted(target, shellOf(io))}`,
  };
}
