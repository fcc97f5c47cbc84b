import { closeSync, openSync } from 'node:fs';

/** How long a person may take at the hypervisor's questions, as sshd's own LoginGraceTime. Milliseconds. */
const patienceMs = 120_000;

/** What a login gets beside its limit: time for answers, if ssh can ask its user something. Milliseconds. */
export function patience(
  { SSH_ASKPASS }: Readonly<Record<string, string | undefined>>,
  hasTerminal: () => boolean = canOpenTerminal,
): number {
  return hasTerminal() || SSH_ASKPASS ? patienceMs : 0;
}

function canOpenTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
