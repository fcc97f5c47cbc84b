import { shellQuoted } from '../../address/shell-word.js';

type Env = Readonly<Record<string, string | undefined>>;

/** What the user of this process has, as the addon shows it. */
export interface Rights {
  readonly elevated: boolean;
  readonly hyperVAdministrator: boolean;
}

/** What this user can do to see machines, and what is left if Windows refuses in spite of all rights. */
export function rightsHint(env: Env, { elevated, hyperVAdministrator }: Rights): string {
  if (hyperVAdministrator)
    return 'this user is in Hyper-V Administrators already: see whether the service vmms runs: sc query vmms';
  return elevated
    ? `join Hyper-V Administrators (${joinLine(env)}; then sign out and in again): that this terminal is elevated does not help here`
    : `join Hyper-V Administrators (in an elevated PowerShell: ${joinLine(env)}; then sign out and in again), or use an elevated terminal`;
}

/** The group's name is translated, its id is not; and an elevated terminal may be another user's, so it names this one. */
function joinLine({ USERDOMAIN: domain, USERNAME: user }: Env): string {
  const member = user ? shellQuoted(domain ? `${domain}\\${user}` : user, 'pwsh') : 'YOUR-NAME';
  return `Add-LocalGroupMember -SID S-1-5-32-578 -Member ${member}`;
}
