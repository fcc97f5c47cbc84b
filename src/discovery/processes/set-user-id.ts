import { stat } from 'node:fs/promises';
import { readTextSync } from '../../files/read-file.js';

/**
 * Whether a process of the system's may run a program with the set-user-ID bit, whose name and arguments whoever started
 * it has chosen: sudo is root's while it asks for a password. `folder` is the process's in /proc. Who may not see the
 * program goes by who logged in to start it (https://man7.org/linux/man-pages/man5/proc_pid_loginuid.5.html).
 */
export async function mayBeSetUserId(folder: string, uid: number | undefined): Promise<boolean> {
  try {
    return ((await stat(`${folder}/exe`)).mode & 0o6000) !== 0;
  } catch {
    return ![undefined, '0', nobody, String(uid)].includes(loginOf(folder));
  }
}

/** Of what no login has started. */
const nobody = '4294967295';

/** Undefined if this kernel does not tell. */
function loginOf(folder: string): string | undefined {
  try {
    return readTextSync(`${folder}/loginuid`).trim();
  } catch {
    return undefined;
  }
}
