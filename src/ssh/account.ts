import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';

/** A line of the password database. */
export interface Account {
  readonly name: string;
  readonly home: string;
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

/**
 * Node's userInfo() has no time limit, and a static program has no NSS, so this calls getent(1). timeout(1) kills it with
 * all that it started.
 */
export function accountOf(uid: number | undefined, seconds = limit): Account | undefined {
  if (uid !== undefined) {
    const args = ['-s', 'KILL', String(seconds), 'getent', 'passwd', String(uid)];
    const { stdout, status, error } = spawnSync('timeout', args, { encoding: 'utf8' });
    if (status === 0) return parseLine(stdout);
    // 126 and 127: getent could not be run.
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
