import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';

/** A line of the password database. */
export interface Account {
  readonly name: string;
  readonly home: string;
}

/**
 * Who calls, as the password database has it, and ssh with it. Bun's userInfo() goes by the environment alone, so that
 * getent(1) is asked. Undefined for a user whom the database does not know.
 */
export function ownAccount(uid = process.getuid?.()): Account | undefined {
  if (uid !== undefined) {
    const { stdout, status } = spawnSync('getent', ['passwd', String(uid)], { encoding: 'utf8' });
    if (status !== null) return parseLine(stdout);
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
