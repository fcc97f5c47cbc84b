import { stat } from 'node:fs/promises';
import { readTextSync } from '../../files/read-file.js';

/**
 * Whether a system user's process may run a set-user-ID program, whose name and arguments its caller chose: sudo belongs
 * to root while it asks for a password. `folder` is the process's in /proc. If the program cannot be seen, the login
 * that started it decides (https://man7.org/linux/man-pages/man5/proc_pid_loginuid.5.html).
 */
export async function mayBeSetUserId(folder: string, uid: number | undefined): Promise<boolean> {
  try {
    return ((await stat(`${folder}/exe`)).mode & 0o6000) !== 0;
  } catch {
    return ![undefined, '0', nobody, String(uid)].includes(loginOf(folder));
  }
}

/** The loginuid of processes that no login started. */
const nobody = '4294967295';

/** Undefined if this kernel does not report it. */
function loginOf(folder: string): string | undefined {
  try {
    return readTextSync(`${folder}/loginuid`).trim();
  } catch {
    return undefined;
  }
}
