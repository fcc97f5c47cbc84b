import { shellQuoted } from '../../address/shell-word.js';

type Env = Readonly<Record<string, string | undefined>>;

/** The fix for a code of Hyper-V's provider; undefined if it has none of its own. */
export function hyperVHint(code: string, env: Env): string | undefined {
  if (code === 'NO_RIGHTS') return rightsHint(env);
  return code === 'NO_HYPERV' ? 'enable it and restart: optionalfeatures' : undefined;
}

/**
 * How this user may see machines. The group's name is translated, its id is not; and an elevated terminal may be another
 * user's, so the command names this one.
 */
export function rightsHint({ USERDOMAIN: domain, USERNAME: user }: Env): string {
  const member = user ? shellQuoted(domain ? `${domain}\\${user}` : user, 'pwsh') : 'YOUR-NAME';
  return `join Hyper-V Administrators (in an elevated PowerShell: Add-LocalGroupMember -SID S-1-5-32-578 -Member ${member}; then sign out and in again), or use an elevated terminal`;
}
