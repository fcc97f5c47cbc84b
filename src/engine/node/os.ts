import { names, uid } from 'engine:system';
import { signals } from '../signals.js';
import { spawnSync } from './child_process.js';

export const constants = { signals };

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

export function homedir(): string {
  return process.env.HOME || userInfo().homedir;
}

export function tmpdir(): string {
  const { TMPDIR, TMP, TEMP } = process.env;
  return (TMPDIR || TMP || TEMP || '/tmp').replace(/(.)\/$/, '$1');
}

export interface UserInfo {
  readonly username: string;
  readonly uid: number;
  readonly gid: number;
  readonly homedir: string;
  readonly shell: string | null;
}

/** Of the password database, which getent(1) asks: a static program has no NSS. */
export function userInfo(): UserInfo {
  const { stdout } = spawnSync('getent', ['passwd', String(uid())], { encoding: 'utf8' });
  const [username, , user, group, , home, shell] = (stdout ?? '').split('\n', 1)[0]?.split(':') ?? [];
  if (!username || home === undefined || shell === undefined) {
    throw Object.assign(new Error('A system error occurred: uv_os_get_passwd returned ENOENT'), {
      code: 'ERR_SYSTEM_ERROR',
    });
  }
  return { username, uid: Number(user), gid: Number(group), homedir: home, shell };
}

export default { constants, arch, hostname, release, version, homedir, tmpdir, userInfo };
