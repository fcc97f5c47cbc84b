import { ConnectError, exitCode, exitCodeOf, printable } from '../../base/errors.js';
import { now as clock } from '../../base/runtime.js';
import { madeLogin } from '../../book/logins.js';
import type { MachineLogin } from '../../book/state.js';
import { checkTarget } from '../../checks/check-target.js';
import { blobsOf, ownKeys } from '../../checks/own-keys.js';
import type { CheckResult, LastStage, Means } from '../../checks/result.js';
import type { LoginVerdict } from '../../checks/verdict.js';
import type { HostFlags } from '../../cli/guest.js';
import type { ReachFlags } from '../../cli/shared-options.js';
import { startProgress } from '../../cli/terminal.js';
import { type Entry, loginAs } from '../../entry/entry.js';
import type { TypedLogin } from '../../entry/login.js';
import { insideAsTyped, isLed, loginAsTyped, loginByVmssh, triedBy } from '../../entry/login.js';
import { entryTo, type Inside, lookAt, lookInside } from '../../entry/run.js';
import type { FailureName } from '../../guest/failures.js';
import type { Finding } from '../../guest/report.js';
import { overOf } from '../../guest/script.js';
import { lostLines } from '../../hosts/in-effect.js';
import { callerOfLines } from '../../hosts/plan.js';
import { guestKeysFor, madeHostKey } from '../../keys/guest-keys.js';
import { ownKeyFile } from '../../keys/login-key.js';
import type { Io } from '../../process/io.js';
import { lacksSshd } from '../../reach/all-failed.js';
import { lookUp, splitLogin } from '../../reach/login.js';
import { whyNoBring } from '../../ssh/config/host-options.js';
import {
  byBroughtSshd,
  byRoute,
  byUserDevice,
  codeOf,
  diagnose,
  hostSigns,
  loginFix,
  machineInside,
  ownFiles,
  rowOf,
  settle,
  slowness,
  untried,
} from './outcome.js';

export interface ExamineOptions extends ReachFlags, TypedLogin {
  /** Another route into the same guest. */
  readonly over: HostFlags | undefined;
  readonly until: LastStage;
}

export interface Examination {
  readonly check: CheckResult;
  /** Whether what was typed logs in; undefined if no login was to be tried. */
  readonly verdict?: Finding | undefined;
  /** The exit code: of what stopped the check; 1 if only a finding is wrong. */
  readonly code: number;
  readonly findings: readonly Finding[];
  /** Possible causes, likeliest first, if the guest could not be checked from inside. */
  readonly suspects: readonly FailureName[];
  readonly guest?: Inside & { readonly entry: Entry };
}

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
    const made = guestKeysFor({ typed: means.machine ?? splitLogin(typed).host }, io.env);
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
  const verdict = rowOf(settle(login, bare) ?? login);
  const result = { ...none, verdict, findings: [verdict] };
  if (verdict.state === 'failed')
    return login.state === 'failed' ? result : { ...result, code: exitCode.connect };
  return { ...result, check: { ...none.check, error: undefined }, code: exitCode.ok };
}

interface Seen {
  readonly check: CheckResult;
  readonly means: Means;
  readonly options: ExamineOptions;
  readonly identityFile?: string | undefined;
  readonly brings?: MachineLogin | undefined;
  readonly made: ReturnType<typeof guestKeysFor>;
  readonly onStage: (stage: string) => void;
  /** When the first login began. Milliseconds. */
  readonly from: number;
  /** The login as it was typed; undefined: plain ssh has no words for it. */
  readonly plain: LoginVerdict | undefined;
}

async function explained(seen: Seen, io: Io, signal: AbortSignal): Promise<Examination> {
  const { check, means, options, brings, plain } = seen;
  const { error } = check;
  const over = options.over && (await entryTo(options.over, io, signal));
  // Where the journal ends, for the cause of a refusal.
  const before = over ? await lookAt(over, io, signal).catch(() => undefined) : undefined;
  const login = await anyLogin(seen, io, signal);
  const signs = await hostSigns(seen, io);
  const { findings: certainly, suspected, certain } = diagnose(signs);
  const isRefused = login?.reach === 'authentication' && !login.isOwn && !brings;
  const isExplained = login?.isOwn || certain || error?.otherHint;
  const entry = over ?? (await wayInside(seen, login, isRefused || !isExplained, io, signal));
  const byManager = !over && (entry?.by === 'exec' || entry?.by === 'agent');
  const guest = entry && (await lookBy(entry, seen, { login, byManager, since: before?.cursor }, io, signal));
  const isBare = plain?.state === 'ok' && (over || !guest || guest.notRun);
  const bare = isBare ? await loginAsTyped(options, io, signal, true) : undefined;
  const settled = byBroughtSshd(byRoute(settle(login, bare), means), brings);
  const fix =
    isRefused && login
      ? await loginFix(options.target, means, login.message, byManager, io, signal)
      : undefined;
  // The guest does not know how this host puts a key there.
  const inside = guest?.findings.map((finding) =>
    byManager && finding.name === 'key' ? { ...finding, hint: undefined } : finding,
  );
  const isMissing = !byManager || guest?.findings.some(({ name, hint }) => name === 'key' && hint) === true;
  const verdict = settled && rowOf(settled, fix, isMissing);
  const findings = [
    ...(verdict ? [verdict] : []),
    ...certainly,
    ...slowness(settled, check),
    ...untried(plain?.settings),
    ...(signs.muxed === undefined ? [] : [byUserDevice(signs.muxed, io)]),
    ...(means.endpoint?.family === 'exec' ? await machineInside(means.text, io, signal) : []),
    ...(await ownFiles(options.target, io)),
  ];
  const code = codeOf({ error, verdict, findings, guest });
  const suspects = entry || isExplained ? [] : suspected;
  const looked = guest && inside ? { guest: { ...guest, findings: inside, entry } } : {};
  return { check, verdict, code, findings, suspects, ...looked };
}

/** The login as typed, or, if ssh has no Host of that name, as vmssh ssh does it. Undefined: none was tried. */
async function anyLogin(seen: Seen, io: Io, signal: AbortSignal): Promise<LoginVerdict | undefined> {
  const { check, options, plain } = seen;
  const hasNoHost = plain?.reach === 'network';
  // Of what ssh and sshd have in common its own ssh says more than the steps.
  const isSame = check.error?.op === 'handshake' && plain?.reach === 'key exchange';
  if (check.error || (plain && !hasNoHost))
    return check.error && plain?.state === 'failed' && !isSame ? undefined : plain;
  const own = await loginByVmssh({ ...seen, ...options }, io, signal);
  if (!hasNoHost || own.state === 'failed') return own;
  const { host } = splitLogin(options.target);
  const lost = options.sshConfig === undefined ? await lostLines(io) : undefined;
  const why = lost ? `: ${lost.problem}` : '';
  const isIn = own.state === 'ok';
  const what = isIn ? `vmssh ssh logs in as ${own.user}` : `by vmssh ssh, ${own.message}`;
  const message = `${what}; plain ssh has no Host ${host}, and asks the network for it${why}`;
  const fix = lost?.fix ?? 'vmssh config install';
  // What lets a key in writes the Host, too.
  if (!isIn) return { ...own, state: 'skipped', message, fix: own.fix ?? fix };
  return { ...own, state: 'skipped', message, reach: 'network', isOwn: true, fix };
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

/** No line has it. Whoever has no key at all lacks one in the machine too. */
const noKey = 'AAAA====';

interface Tried {
  readonly login: LoginVerdict | undefined;
  readonly byManager: boolean;
  /** Where the journal ended before, if it was looked at. */
  readonly since: string | undefined;
}

async function lookBy(
  entry: Entry,
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
    offered: keys && [...blobsOf(await keys.catch(() => [])), noKey],
  };
  const isLogin = entry.by === 'target';
  const way = isLogin ? { ...entry, routes: over ? undefined : routes, port, identityFile } : entry;
  return lookInside(way, inside, io, signal, from);
}

/** How to look inside: by the login, if it worked, or, if that is needed, by the machine's own manager. */
async function wayInside(
  { check, means, options, plain, brings }: Seen,
  login: LoginVerdict | undefined,
  isNeeded: boolean,
  io: Io,
  signal: AbortSignal,
): Promise<Entry | undefined> {
  const { sshConfig } = options;
  const { user, text } = means;
  const isOwnIn = login?.state === 'ok' || login?.reach === 'network';
  if (plain?.state === 'ok' && !brings) return insideAsTyped(options, io);
  if (isOwnIn && !brings) return { ...loginAs(user, text, splitLogin(check.target).host), sshConfig };
  if (!isNeeded) return undefined;
  return entryTo({ host: `${user}@${text}`, by: 'exec', sshConfig }, io, signal).catch((error) => {
    if (!(error instanceof ConnectError)) throw error;
    return undefined;
  });
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
