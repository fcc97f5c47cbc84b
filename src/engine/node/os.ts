import { account, errorNames, names, uid } from 'engine:system';
import { signals } from '../signals.js';
import { spawnSync } from './child_process.js';

export const constants = {
  signals,
  get errno(): Readonly<Record<string, number>> {
    return Object.fromEntries(errorNames().flatMap((name, number) => (name ? [[name, number]] : [])));
  },
};

export function arch(): string {
  return process.arch;
}

export function hostname(): string {
  return names()[1];
}

export function release(): string {
  return names()[2];
}

export function version(): string {
  return names()[3];
}

export function tmpdir(): string {
  const { TMPDIR, TMP, TEMP, SystemRoot, windir } = process.env;
  if (process.platform === 'win32') {
    return (TEMP || TMP || `${SystemRoot || windir}\\temp`).replace(/([^:])\\$/, '$1');
  }
  return (TMPDIR || TMP || TEMP || '/tmp').replace(/(.)\/$/, '$1');
}

export interface UserInfo {
  readonly username: string;
  readonly homedir: string;
}

/** Milliseconds for the password database, which may be on a network. */
const limits = { timeout: 5000, killSignal: 'SIGKILL' } as const;

/** From the password database, by getent(1): a static program has no NSS. */
export function userInfo(): UserInfo {
  if (process.platform === 'win32') {
    const [username, homedir] = account();
    return { username, homedir };
  }
  const answer = spawnSync('getent', ['passwd', String(uid())], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    ...limits,
  });
  const line = answer.status === 0 ? answer.stdout.split('\n', 1)[0] : undefined;
  const [username, , , , , homedir] = line?.split(':') ?? [];
  if (!username || homedir === undefined) {
    throw Object.assign(new Error('A system error occurred: uv_os_get_passwd returned ENOENT'), {
      code: 'ERR_SYSTEM_ERROR',
    });
  }
  return { username, homedir };
}

export default { constants, arch, hostname, release, version, tmpdir, userInfo };
