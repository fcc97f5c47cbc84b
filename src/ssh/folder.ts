import { join } from 'node:path';
import { realPath } from '../files/read-file.js';
import { ownAccount } from './account.js';

type Env = Readonly<Record<string, string | undefined>>;

/** The folder of ssh's own files. An empty HOME counts as unset; on Windows HOME is for other shells, ssh uses USERPROFILE. */
export function sshFolder(
  env: Env,
  platform: NodeJS.Platform = process.platform,
  passwdHome: () => string | undefined = homeOfUser,
): string {
  const { HOME, USERPROFILE } = env;
  return join((platform === 'win32' ? USERPROFILE : HOME) || (passwdHome() ?? '/'), '.ssh');
}

/** The home that ssh uses instead of HOME, from the password database (ssh(1)). Undefined if they are the same. */
export function otherHome(
  env: Env,
  platform: NodeJS.Platform,
  passwdHome: () => string | undefined = homeOfUser,
): string | undefined {
  if (platform === 'win32' || !env.HOME) return undefined;
  const home = passwdHome();
  return home === undefined || real(home) === real(env.HOME) ? undefined : home;
}

function homeOfUser(): string | undefined {
  return ownAccount()?.home;
}

function real(path: string): string {
  return realPath(path) ?? path;
}
