import type { ExecEndpoint } from '../../endpoint.js';
import script from './sshd.sh';

/** The words that start the machine's sshd, or ask there why it does not start. */
export function inShell({ command }: ExecEndpoint, what: 'serve' | 'why'): readonly string[] {
  const text = script.replaceAll(/^ *#.*\n/gm, '');
  // systemd replaces variables in a unit's command line: systemd.service(5).
  const own = command[0] === 'systemd-run' ? text.replaceAll('$', '$$$$') : text;
  return [...command, '/bin/sh', '-c', own, 'sh', what];
}
