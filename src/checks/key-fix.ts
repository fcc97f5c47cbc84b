import type { Target } from '../kinds/kinds.js';
import { sources } from '../sources/sources.js';
import { ownKeyFile } from '../ssh/login-key.js';
import { nameOf } from '../target/target.js';

/**
 * The fix for a login that was refused, if the key that the machine's manager made is not for this user to read; undefined if it is, or
 * if the manager has no other way.
 */
export async function keyFix(target: Target, identityFile: string | undefined): Promise<string | undefined> {
  if (identityFile === undefined || (await ownKeyFile(identityFile)) !== undefined) return undefined;
  const source = await sources.find(({ name }) => name === target.kind)?.load();
  return source?.hints?.key?.(nameOf(target));
}
