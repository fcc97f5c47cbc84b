import { describe, expect, it } from 'vitest';
import answer from '../../../src/guest/sh/check/answer.sh';
import streams from '../../../src/guest/sh/check/streams.sh';
import attempt from '../../../src/guest/sh/log/attempt.sh';
import facts from '../../../src/guest/sh/parts/facts.sh';
import report from '../../../src/guest/sh/parts/report.sh';
import { shells } from '../../helpers/shells.js';
import { writeTree } from '../../helpers/temp-dir.js';
import { root, runThere, useRoot } from './guest.js';

useRoot();

/** The journal, which has `late` only from the third time on that it is read. */
function given(lines: readonly string[], late: readonly string[] = []): void {
  const text = (all: readonly string[]) => all.map((line) => `Nov 23 10:00:00 ${line}\n`).join('');
  const fake = `#!/bin/sh
here=$(dirname "$0")
case "$*" in
  --sync) ;;
  *--show-cursor*) echo '-- cursor: here' ;;
  *--after-cursor=here*) echo x >>"$here/reads"; cat "$here/lines"; if [ "$(wc -l <"$here/reads")" -gt 2 ]; then cat "$here/late"; fi ;;
  *) echo 'sshd-vsock@9.service: Failed with result' ;;
esac\n`;
  writeTree(root, { 'bin/journalctl': fake, 'bin/lines': text(lines), 'bin/late': text(late) });
}

/** As Debian 12 and sid have it; the peer over vsock is UNKNOWN. */
const closed = (pid: number, user = 'root', peer = 'UNKNOWN port 65535') =>
  `sshd-session[${pid}]: Connection closed by authenticating user ${user} ${peer} [preauth]`;
const mode = 'Authentication refused: bad ownership or modes for directory /root';
const algorithm =
  'userauth_pubkey: signature algorithm ssh-ed25519 not in PubkeyAcceptedAlgorithms [preauth]';
const others = [
  'sshd[50]: /k:1: Authentication tried for root with correct key but not from a permitted host (host=a, ip=10.0.0.9, required=x).',
  closed(50, 'root', '10.0.0.9 port 4022'),
  `sshd-session[51]: ${mode}`,
  closed(51, 'ann'),
  'sshd-session[52]: Failed publickey for invalid user bob from UNKNOWN port 65535 ssh2: ED25519 SHA256:x',
  'sshd-session[52]: fatal: Access denied for user bob by PAM account configuration [preauth]',
  'sshd[53]: Server listening on 0.0.0.0 port 22.',
];

describe.each(shells)('$name', ({ command }) => {
  const run = (script: string, over = 'vsock') => {
    const parts = `${report}${facts}${streams}${answer}${attempt}`;
    const tried = "login=refused login_about='root@x: Permission denied.' login_cursor=here";
    const fakes =
      'sleep() { :; }\npids_above() { :; }\nsetting() { :; }\nlacks_key() { fail "$(key_step)" "$2" "$3"; }';
    return runThere(command, `over=${over}\n${parts}\n${fakes}\n${tried}\n${script}`);
  };
  const refused = (over?: string) => run('read_attempt root; login_refused root', over);

  it('quotes no line of another peer or account as the cause of a refused login', () => {
    given([...others, closed(60)]);
    expect(refused()).toMatch(
      /Permission denied\.; the journal has: Connection closed by .* root UNKNOWN .*\n/,
    );
  });

  it('finds the cause among the lines of other connections', () => {
    given([...others.slice(0, 4), `sshd-session[60]: ${mode}`, ...others.slice(4), closed(60)]);
    expect(refused()).toContain(`Permission denied.; the journal has: ${mode}\n`);
  });

  it('waits for a line that comes late', () => {
    given(others, [`sshd-session[60]: ${algorithm}`, closed(60)]);
    expect(run('read_attempt root; refusals')).toBe(`; the journal has: ${algorithm}\n`);
  });

  it('waits no longer than it may', () => {
    given(others);
    expect(refused()).toContain('a login as root failed: root@x: Permission denied.\n');
  });

  it('over TCP takes the lines of any address', () => {
    given(others);
    expect(run('read_attempt root; refusals', 'tcp')).toContain('Authentication tried for root');
  });

  it('quotes the line of the connection that was closed without a banner', () => {
    const closedPort = (lines: readonly string[], limit = 'infinity') => {
      given([...others, 'sshd[54]: pam_unix(sshd:session): session closed for user root'], lines);
      return run(
        `banner_here() { echo closed; }\nserved_by() { echo x@; }\nshow() { echo ${limit}; }\nport=22\ncheck_banner`,
      );
    };
    expect(closedPort(['sshd[60]: fatal: no hostkeys available -- exiting.'])).toMatch(
      /banner: fatal: no hostkeys/,
    );
    expect(closedPort(['sshd[60]: x: Failed with result oom-kill.'], '1048576')).toMatch(
      /fix .*MemoryMax=infinity/,
    );
    given(others.slice(0, 4));
    expect(run(`banner_from=here\nserved_by() { echo x@; }\nwhy_closed`)).toBe(
      'sshd-vsock@9.service: Failed with result\n',
    );
  });
});
