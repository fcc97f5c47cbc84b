import { realpathSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** The folder of ssh's own files. An empty HOME is none; on Windows it is that of other shells, and USERPROFILE counts. */
export function sshFolder(
  env: Env,
  platform: NodeJS.Platform = process.platform,
  passwdHome: () => string = homeOfUser,
): string {
  const { HOME, USERPROFILE } = env;
  return join((platform === 'win32' ? USERPROFILE : HOME) || passwdHome(), '.ssh');
}

/** Where ssh has its files, whatever HOME is: it asks the password database (ssh(1)). Undefined where that is the same. */
export function otherHome(
  env: Env,
  platform: NodeJS.Platform,
  passwdHome: () => string = homeOfUser,
): string | undefined {
  if (platform === 'win32' || !env.HOME) return undefined;
  try {
    const home = passwdHome();
    return real(home) === real(env.HOME) ? undefined : home;
  } catch {
    return undefined; // a user whom the database does not know
  }
}

function homeOfUser(): string {
  return userInfo().homedir;
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
