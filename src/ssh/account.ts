import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';

/** A line of the password database. */
export interface Account {
  readonly name: string;
  readonly home: string;
}

/** The caller's passwd entry, as ssh uses it; undefined where the database has none, or does not answer. */
export function ownAccount(): Account | undefined {
  own ??= { account: accountOf(process.getuid?.()) };
  return own.account;
}

/** Asked for once: a directory service that hangs costs its limit each time. */
let own: { readonly account: Account | undefined } | undefined;

/** Seconds for the password database, which may lie behind a network. */
const limit = 5;

/**
 * Node's userInfo() has no limit of time, and a static program has no NSS: getent(1) is asked. It is ended by timeout(1),
 * with all that it started.
 */
export function accountOf(uid: number | undefined, seconds = limit): Account | undefined {
  if (uid !== undefined) {
    const args = ['-s', 'KILL', String(seconds), 'getent', 'passwd', String(uid)];
    const { stdout, status, error } = spawnSync('timeout', args, { encoding: 'utf8' });
    if (status === 0) return parseLine(stdout);
    // 126 and 127: there is no getent that could be run.
    if (!error && status !== 126 && status !== 127) return undefined;
  }
  try {
    const { username, homedir } = userInfo();
    return { name: username, home: homedir };
  } catch {
    return undefined;
  }
}

function parseLine(text: string): Account | undefined {
  const [name, , , , , home] = text.split('\n', 1)[0]?.split(':') ?? [];
  return name && home !== undefined ? { name, home } : undefined;
}
