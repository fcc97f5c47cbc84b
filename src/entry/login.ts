import { type MachineLogin, writtenState } from '../book/state.js';
import { otherProxy } from '../checks/own-cause.js';
import type { Means } from '../checks/result.js';
import { type LoginWords, quietly, type SshTryOptions, trySsh, usersEnv } from '../checks/users-ssh.js';
import { judgeLogin, type LoginVerdict } from '../checks/verdict.js';
import { targetIn } from '../cli/guest.js';
import type { TriedLogin } from '../guest/script.js';
import { sshSettings } from '../keys/login-key.js';
import type { Io } from '../process/io.js';
import { settingIn, sshAbilities, sshCommand, typedSsh } from '../process/ssh-program.js';
import { shellTrouble } from '../process/start-files.js';
import { splitLogin, splitUser } from '../reach/login.js';
import { callerForSsh } from '../ssh/config/caller.js';
import { whereSet } from '../ssh/config/users-files.js';
import { isOurProxy } from '../ssh/config/word.js';
import { brokenControlPath } from '../ssh/control-path.js';
import { ownAccount } from '../ssh/folder.js';
import { typedHost } from '../typed/names.js';
import { isSshPort } from '../typed/numbers.js';
import type { RouteName } from '../typed/route.js';
import { type Entry, loginAs, overTarget } from './entry.js';
import type { Guest } from './run.js';
import { sshInto } from './ssh-words.js';

export interface TypedLogin extends Pick<SshTryOptions, 'onStage'> {
  /** [user@]HOST or ssh://… */
  readonly target: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly sshConfig: string | undefined;
  readonly routes?: readonly RouteName[];
}

/** Logs in by plain ssh, with the words that were typed. Undefined: no words of ssh say that. `isBare`: as from a program that no shell started. */
export async function loginAsTyped(
  typed: TypedLogin,
  io: Io,
  signal: AbortSignal,
  isBare = false,
): Promise<LoginVerdict | undefined> {
  const host = plainHost(typed);
  if (host === undefined) return undefined;
  const { sshConfig, onStage } = typed;
  const more = portSetting(typed);
  const words = ({ settings, ...login }: LoginWords) =>
    sshCommand({ ...login, configFile: sshConfig, settings: [...more, ...settings], host });
  const tried = await trySsh({ host, sshConfig, words, isBare, onStage }, io, signal);
  const controlPath = brokenControlPath(tried.settings, splitUser(host).host);
  const isByProxy = isOurProxy(settingIn(tried.settings, 'proxycommand'));
  const hangs = tried.end.stopped === 'until';
  const verdict = {
    ...(await judgeLogin(tried, io.env.HOME)),
    controlPath,
    isByProxy,
    settings: tried.settings,
    hangs,
  };
  const trouble = verdict.reach === 'proxy' ? await shellTrouble(io) : undefined;
  if (trouble) return { ...verdict, isOwn: true, message: trouble.problem, fix: trouble.fix };
  const isBefore = ['proxy', 'socket', 'banner'].includes(verdict.reach ?? '');
  const other = isBefore ? await otherProxy(tried) : undefined;
  if (other) return { ...verdict, isOwn: true, ...other };
  const isNamed = (typed.user ?? splitLogin(typed.target).user) !== undefined;
  const where = isNamed ? undefined : await whereSet('user', tried.said);
  const isOurs = where === undefined || /vmssh\.conf line \d+$/.test(where);
  return isOurs ? verdict : { ...verdict, message: withUserOf(where, verdict) };
}

/** A refused login is often that of a User for all hosts. */
function withUserOf(where: string, { message, user }: LoginVerdict): string {
  return message.replace(`lets no key of yours in as ${user}`, `$& (User, ${where})`);
}

/** The same login for a script, once more as from a program that no shell started. */
export async function insideAsTyped(typed: TypedLogin, io: Io): Promise<Entry | undefined> {
  const host = plainHost(typed);
  if (host === undefined) return undefined;
  const settings = [...portSetting(typed), ...quietly(await sshAbilities(io.env))];
  const { sshConfig } = typed;
  return { by: 'ssh', host, ssh: typedSsh, sshConfig, settings, env: usersEnv(io, true) };
}

/** What stands after `ssh`; undefined for a name that it does not take, and where only vmssh takes the route. */
function plainHost({ target, user: named, routes }: TypedLogin): string | undefined {
  const { user: typedUser, host: typed } = splitLogin(target);
  const [user, host] = [named ?? typedUser, typedHost(typed)];
  if (host === undefined || host.startsWith('-') || routes) return undefined;
  return user === undefined ? host : `${user}@${host}`;
}

function portSetting({ target, port }: TypedLogin): readonly string[] {
  const said = port ?? splitLogin(target).port;
  return said === undefined ? [] : [`Port=${said}`];
}

/** Whether ssh's configuration leads that name somewhere, by a proxy or another HostName: it is no name for the network. */
export async function isLed(typed: TypedLogin, io: Io, signal: AbortSignal): Promise<boolean> {
  const host = plainHost(typed);
  if (host === undefined) return false;
  const settings = await sshSettings({ host, sshConfig: typed.sshConfig, ssh: typedSsh, signal }, io);
  const proxy = settingIn(settings, 'proxycommand') ?? settingIn(settings, 'proxyjump') ?? 'none';
  const name = typedHost(splitLogin(typed.target).host)?.toLowerCase();
  return proxy !== 'none' || (settingIn(settings, 'hostname') ?? name) !== name;
}

interface OwnLogin extends Pick<TypedLogin, 'target' | 'sshConfig' | 'routes' | 'onStage'> {
  readonly means: Means;
  readonly identityFile?: string | undefined;
  readonly brings?: MachineLogin | undefined;
}

/** Logs in over vmssh's own proxy, as vmssh ssh does, whatever the user's lines lead to. */
export async function loginByVmssh(
  { target, means, sshConfig, identityFile, routes, brings, onStage }: OwnLogin,
  io: Io,
  signal: AbortSignal,
): Promise<LoginVerdict> {
  const { text, listed = text, port, user } = means;
  const { hostIn } = await import('../book/names.js');
  const { lookedUp } = hostIn(await writtenState(io), listed);
  // As in the lines of that Host: this host's own user stands for none. A relay that ssh ends would leave the sshd there.
  const bringing = brings && { ...(await callerForSsh(io)), namesUser: brings.user !== undefined };
  const login = { ...loginAs(user, text, splitLogin(target).host), sshConfig, port, routes, identityFile };
  const entry = { ...login, lookedUp, bringing };
  const way = { host: entry.typed ?? 'machine', sshConfig, onStage, ...(await sshInto(entry, io)) };
  const tried = await trySsh(way, io, signal);
  const verdict = await judgeLogin(tried, io.env.HOME);
  const isOwn = bringing && !bringing.namesUser && user === ownAccount()?.name;
  return isOwn ? { ...verdict, user: "the machine's own user" } : verdict;
}

interface GuestLogin {
  readonly account: string;
  readonly port: number;
  /** How this host reaches the guest; undefined: as HOST, or by the CID that the guest reports. */
  readonly target: string | undefined;
}

/** Logs in to a guest into which a look has come, over its socket. Changes nothing in the machine that it reaches, which may be another one. */
export async function loginToGuest(
  entry: Entry,
  { cid, boot, user, bySocket, cursor }: Guest,
  { account, port, target }: GuestLogin,
  io: Io,
  signal: AbortSignal,
): Promise<TriedLogin> {
  const isOwnRoute = target === undefined && bySocket && isSshPort(port);
  const { host } = splitUser(entry.host);
  // A new connection, unlike one by ssh, which may share one that is open.
  if (isOwnRoute && entry.by === 'target' && user === account)
    return { state: 'in', about: `over ${host}`, cursor };
  const typed = target ?? targetIn(entry.host);
  const to = typed ?? (cid === undefined ? undefined : `vsock/${cid}`);
  const way = '--target says how this host reaches it';
  const byHost = isOwnRoute && entry.by === 'ssh' ? { ...entry, host: `${account}@${host}` } : undefined;
  const over = byHost ?? (to === undefined ? undefined : overTarget(entry, account, to, port));
  if (over === undefined) return { state: 'not tried', about: `its CID is not known: ${way}` };
  const by = byHost ? `by ssh ${host}` : `over ${to}`;
  const { ssh, words: wordsOf } = await sshInto(over, io);
  // Which machine it is shows without a terminal too.
  const more = { flags: ['-T', '-v'], command: 'cat /proc/sys/kernel/random/boot_id' };
  const words = (login: LoginWords) => wordsOf({ ...login, ...more });
  const named = { host: splitUser(over.host).host, sshConfig: entry.sshConfig, ssh };
  const tried = await trySsh({ ...named, words }, io, signal);
  const verdict = await judgeLogin(tried, io.env.HOME);
  // What was typed has to work; the CID that the guest reports is a guess.
  const unproved = (why: string): TriedLogin =>
    typed === undefined && !byHost
      ? { state: 'not tried', about: `${why}; ${way}` }
      : { state: 'not proved', about: why, cursor };
  const { stderr, stdout } = tried.end;
  const unreached = stderr.split('\n').find((line) => line.startsWith(`${io.program}: `));
  if (unreached !== undefined) return unproved(unreached.slice(io.program.length + 2).trim());
  if (verdict.reach === 'host key' || (verdict.isOwn && verdict.state === 'failed'))
    return unproved(`${verdict.message} (${by})`);
  if (verdict.isOwn) return { state: 'not tried', about: `${verdict.message} (${by})` };
  const answer = stdout.trim().split('\n').pop()?.trim() ?? '';
  if (verdict.state !== 'ok')
    return triedBy({ ...verdict, message: `${by}: ${verdict.message}` }, by, cursor);
  if (/^[0-9a-f-]{36}$/.test(answer))
    return boot === undefined || answer === boot
      ? { state: 'in', about: by, cursor }
      : unproved(`another machine answers (${by})`);
  const said = answer === '' ? '' : `, and says: ${answer}`;
  return { state: 'ended', about: `${by}: ssh ended without running its command${said}`, cursor };
}

/** A login as the script inside is told of it. `by`: over what. */
export function triedBy({ state, reach, isOwn, message }: LoginVerdict, by: string, cursor = ''): TriedLogin {
  // By vmssh it is in where plain ssh has no Host.
  const isIn = state === 'ok' || (reach === 'network' && state === 'skipped');
  if (isIn) return { state: 'in', about: by, cursor };
  if (isOwn) return { state: 'not tried', about: message };
  return { state: reach === 'session' ? 'ended' : 'refused', about: message, cursor };
}
