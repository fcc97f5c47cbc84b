import { fstatSync, type Stats } from 'node:fs';
import type { Addon, Handle } from 'node-hvsock-native';
import { ConnectError } from '../base/errors.js';
import { exhaustion } from '../connect/failures/failure.js';
import { readTextIfAny } from '../files/read-sync.js';

/** Whether a client may wait for a socket on `stdout`, as ssh with ProxyUseFdpass: stdin is the same one. For Node programs they differ. */
export function takesSocket(stdin = 0, stdout = 1): boolean {
  const output = socketAt(stdout);
  const input = output && socketAt(stdin);
  return output !== undefined && (!input || (input.ino === output.ino && input.dev === output.dev));
}

/** `takesSocket` where no addon looks at the socket: one of TCP takes no other socket. */
export function takesUnixSocket(): boolean {
  return takesSocket() && !isTcp(1);
}

function isTcp(fd: number): boolean {
  const row = ` ${fstatSync(fd).ino} `;
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((path) => readTextIfAny(path).includes(row));
}

export function cannotPass(text: string, missing: Error): ConnectError {
  return new ConnectError('connect', text, {
    code: 'NO_ADDON',
    final: true,
    problem: `passing a socket to ssh needs the native addon. ${missing.message}`,
    hint: 'vmssh config install writes Hosts that relay; for lines of your own, as vmssh config print shows them: ProxyUseFdpass no, and a ProxyCommand without --fdpass',
    cause: missing,
  });
}

export function isSocket(fd: number): boolean {
  return socketAt(fd) !== undefined;
}

function socketAt(fd: number): Stats | undefined {
  try {
    const stats = fstatSync(fd);
    return stats.isSocket() ? stats : undefined;
  } catch {
    return undefined;
  }
}

/** Passes the open socket to ssh by SCM_RIGHTS over stdout (unix(7)); false if that is no such socket. Throws a ConnectError about `text`. */
export function passFd(addon: Addon, handle: Handle, text: string): boolean {
  try {
    addon.sendFd(1, handle);
    return true;
  } catch (error) {
    const { code = 'UNKNOWN' } = error as { code?: string };
    if (code === 'ENOTSOCK' || code === 'EAFNOSUPPORT') return false;
    const own = exhaustion(code);
    const why = own ? `: ${own.problem}` : '';
    throw new ConnectError('connect', text, {
      code,
      problem: `it is open, but could not be passed to ssh${why} (${code})`,
      hint: own?.hint ?? (wentAway.has(code) ? `${startFile}; or ssh ${withoutFdpass}` : withoutFdpass),
      cause: error,
    });
  }
}

const wentAway: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'ENOTCONN']);
const startFile =
  'ssh went away, as it does where a start file of its shell prints anything: vmssh doctor names the file';
const withoutFdpass =
  'does not expect a socket here: then use ProxyUseFdpass no and a ProxyCommand without --fdpass';
