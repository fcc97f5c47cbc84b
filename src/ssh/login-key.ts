import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Identified } from '../identity/identity.js';
import { guestKeysFor } from './guest-keys.js';

/** A machine, and the private key that its manager made for its login. */
export interface WithKey extends Pick<Identified, 'target'> {
  readonly machine?: { readonly name: string; readonly identityFile?: string };
}

/** The private key for a login: that of `guest credentials`, else the manager's; undefined if this user's ssh could use none. */
export async function loginKey(
  named: WithKey,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  return guestKeysFor(named, env)?.identityFile ?? ownKeyFile(named.machine?.identityFile);
}

/** The path, if the file there is this user's and nobody else's to read: ssh complains at each login of any other. */
export async function ownKeyFile(
  path: string | undefined,
  uid: number | undefined = process.getuid?.(),
): Promise<string | undefined> {
  // ssh would put a variable in its place, and has no escape for that.
  if (path === undefined || path.includes('${')) return undefined;
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    const isOwn = uid === undefined || (stats.uid === uid && (stats.mode & 0o077) === 0);
    return stats.isFile() && isOwn ? path : undefined;
  } finally {
    await file.close();
  }
}
