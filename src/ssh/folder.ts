import { spawnSync } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join, posix, win32 } from 'node:path';
import type { Env } from '../base/runtime.js';
import { isRoot } from '../files/place.js';
import { realPath } from '../files/read-sync.js';
import { isOwnHome, ownEnv } from '../sources/trusted-env.js';
import { stateHome } from '../sources/trusted-path.js';
import { shellQuoted } from '../typed/shell.js';

/** The folder of ssh's own files, in `ownHome`. An empty or relative HOME counts as unset; on Windows HOME is for other shells, ssh uses USERPROFILE. */
export function sshFolder(
  env: Env,
  platform: NodeJS.Platform = process.platform,
  passwdHome: () => string | undefined = homeOfUser,
): string {
  const { HOME, USERPROFILE } = ownHome(env);
  return join(absolute(platform === 'win32' ? USERPROFILE : HOME, platform) ?? passwdHome() ?? '/', '.ssh');
}

/** What is wrong with a folder that is a link to nothing, as after a move of the home, and what to type. */
export function goneFolder(folder: string): string | undefined {
  try {
    const to = readlinkSync(folder);
    if (existsSync(folder)) return undefined;
    return `${folder} is a link to ${to}, which is not there: ln -sfn FOLDER ${shellQuoted(folder)}`;
  } catch {
    return undefined;
  }
}

function absolute(path: string | undefined, platform: NodeJS.Platform): string | undefined {
  // On Windows "\\x" is a folder of whichever drive is the current one.
  const isWhole =
    path &&
    (platform === 'win32' ? win32.isAbsolute(path) && !/^\\(?!\\)/.test(path) : posix.isAbsolute(path));
  return isWhole ? path : undefined;
}

/** The folder of what vmssh remembers by itself, which ssh does not read: only in a home, or an absolute XDG_STATE_HOME, that nobody else can replace. */
export function stateFolder(env: Env, platform: NodeJS.Platform = process.platform): string {
  const own = ownEnv(env);
  const home = dirname(sshFolder(own, platform));
  if (platform === 'win32')
    return join(absolute(env.LOCALAPPDATA, platform) ?? join(home, 'AppData', 'Local'), 'vmssh');
  return join(stateHome(own, home), 'vmssh');
}

/** The home that ssh uses instead of HOME, from the password database (ssh(1)). Undefined if they are the same. */
export function otherHome(
  env: Env,
  platform: NodeJS.Platform,
  passwdHome: () => string | undefined = homeOfUser,
): string | undefined {
  const { HOME } = ownHome(env);
  if (platform === 'win32' || !HOME) return undefined;
  const home = passwdHome();
  const real = (path: string) => realPath(path) ?? path;
  return home === undefined || real(home) === real(HOME) ? undefined : home;
}

/** The home of Git's ssh (Cygwin's db_home "env"), and what says so; undefined: the profile, as for Windows' ssh. */
export function gitHome(env: Env): { readonly home: string; readonly said: string } | undefined {
  const { HOME, HOMEDRIVE = '', HOMEPATH = '' } = env;
  const network = realPath(`${HOMEDRIVE}${HOMEPATH}`);
  // Also as a shell of Git writes it: /d/home.
  const home = HOME ? HOME.replace(/^\/([a-z])(?=\/|$)/i, '$1:') : HOMEDRIVE && network;
  const real = (path: string) =>
    (realPath(path) ?? path).replaceAll('\\', '/').replace(/\/+$/, '').toLowerCase();
  if (!home || real(home) === real(dirname(sshFolder(env, 'win32')))) return undefined;
  return { home, said: HOME ? `HOME is ${HOME}` : `HOMEDRIVE and HOMEPATH are ${home}` };
}

function homeOfUser(): string | undefined {
  return ownAccount()?.home;
}

export interface Account {
  readonly name: string;
  readonly home: string;
  /** Not known without getent. */
  readonly uid?: number;
  readonly gid?: number;
  readonly shell?: string;
}

/** The caller's passwd entry, as ssh uses it; undefined if the database has none, or does not answer. */
export function ownAccount(): Account | undefined {
  own ??= { account: accountOf(process.getuid?.()) };
  return own.account;
}

/** Looked up once: a directory service that hangs costs the whole time limit each time. */
let own: { readonly account: Account | undefined } | undefined;

/** Seconds for the password database, which may be on a network. */
const limit = 5;

/** By getent(1): Node's userInfo() has no time limit, and a static program has no NSS. timeout(1) kills it with all that it started. */
export function accountOf(uid: number | undefined, seconds = limit): Account | undefined {
  if (uid !== undefined) {
    const { stdout, status, error } = getent([String(uid)], seconds);
    if (status === 0) return parseLine(stdout);
    // 126 and 127: getent could not be run. userInfo() knows nobody but this process's own user.
    if (!error && status !== 126 && status !== 127) return undefined;
    if (uid !== process.getuid?.()) return undefined;
  }
  try {
    const { username, homedir } = userInfo();
    return { name: username, home: homedir };
  } catch {
    return undefined;
  }
}

/** The accounts with these names or uids; without any all that the password database lists, which of a directory service are often none. */
export function accountsOf(names: readonly string[] = []): readonly Account[] {
  const { stdout } = getent(names);
  return (stdout ?? '').split('\n').flatMap((line) => parseLine(line) ?? []);
}

function getent(names: readonly string[], seconds = limit) {
  const args = ['-s', 'KILL', String(seconds), 'getent', 'passwd', ...names];
  return spawnSync('timeout', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function parseLine(text: string): Account | undefined {
  const [name, , uid, gid, , home, shell = ''] = text.split('\n', 1)[0]?.split(':') ?? [];
  return name && home !== undefined ? { name, home, uid: Number(uid), gid: Number(gid), shell } : undefined;
}

export function knownHostsFile(env: Env): string {
  return join(sshFolder(env), 'vmssh_known_hosts');
}

/** To which ssh appends the keys that it accepts: the first of the two files in the lines. vmssh only appends notes to it, and empties it. */
export function inboxOf(knownHosts: string): string {
  return `${knownHosts}.new`;
}

/** The environment; for root without a HOME that another user owns or can replace (sudo -E): root would write there through that user's links. */
export function ownHome(env: Env, asRoot: boolean = isRoot()): Env {
  return asRoot && !isOwnHome(env) ? { ...env, HOME: undefined } : env;
}
