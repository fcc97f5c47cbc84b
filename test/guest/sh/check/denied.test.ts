import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import denied from '../../../../src/guest/sh/check/denied.sh';
import report from '../../../../src/guest/sh/parts/report.sh';
import { shells } from '../../../helpers/shells.js';
import { eachRow } from '../../../helpers/tables/rows.js';
import { given, root, runThere, useRoot } from '../guest.js';

useRoot();

// As reported from Fedora 41 and 43: fedora-selinux/selinux-policy #2423 and #2955.
const accept =
  'type=AVC msg=audit(1730885285.653:214): avc:  denied  { read write } for  pid=1191 comm="sshd" path="socket:[11153]" dev="sockfs" ino=11153 scontext=system_u:system_r:sshd_t:s0-s0:c0.c1023 tcontext=system_u:system_r:sshd_t:s0-s0:c0.c1023 tclass=vsock_socket permissive=0\n';
const auth =
  'type=AVC msg=audit(1763698225.743:248): avc:  denied  { getattr } for  pid=1355 comm="sshd-auth" scontext=system_u:system_r:sshd_auth_t:s0-s0:c0.c1023 tcontext=system_u:system_r:sshd_t:s0-s0:c0.c1023 tclass=vsock_socket permissive=0\n';
const log = 'var/log/audit/audit.log';

describe.each(shells)('$name: what SELinux and AppArmor deny', ({ command }) => {
  const run = (banner = 'banner SSH-2.0-x') =>
    runThere(command, `banner='${banner}'\n${report}${denied}check_denied; echo "faults: $faults"`);
  beforeEach(() => given({ 'bin/journalctl': '#!/bin/sh\n', 'sys/fs/selinux/enforce': '1' }));

  it('shows the denial, and the rules that allow it', () => {
    given({ [log]: `type=LOGIN x\n${accept}${auth}${accept}` });
    const said = run();
    expect(said).toMatch(/^failed +denied +SELinux denies sshd its vsock socket: type=AVC /);
    expect(said).toMatch(
      /^fix +denied +printf '%s\\n' '\(allow sshd_auth_t sshd_t \(vsock_socket \(ioctl read getattr write setattr append getopt setopt shutdown\)\)\)' '\(allow sshd_t sshd_t \(vsock_socket \(ioctl read getattr write setattr append getopt setopt shutdown\)\)\)' +> \/root\/vmssh-vsock\.cil && semodule -i /m,
    );
    expect(said).toMatch(/faults: 1\n$/);
  });

  it('reads the journal where there is no audit log', () => {
    given({ 'bin/journalctl': `#!/bin/sh\ncat <<'X'\n${auth}X\n` });
    expect(run()).toMatch(/^failed +denied +SELinux .*comm="sshd-auth"/);
  });

  eachRow({
    'SELinux is permissive': { files: { [log]: accept, 'sys/fs/selinux/enforce': '0' } },
    'it was only noted': { files: { [log]: accept.replace('permissive=0', 'permissive=1') } },
    'it is about another socket': { files: { [log]: accept.replace('vsock_socket', 'tcp_socket') } },
    'it is older than the policy': { files: { [log]: accept, 'etc/selinux/default/policy/policy.33': '' } },
  })('says nothing if $name', ({ files }) => {
    given(files);
    if ('etc/selinux/default/policy/policy.33' in files)
      utimesSync(join(root, 'etc/selinux/default/policy/policy.33'), 1_730_885_400, 1_730_885_400);
    expect(run()).toBe('faults: 0\n');
  });

  // Recorded from Debian 12 with audit=1, as its journal has them: no time in the text.
  const loaded =
    'AVC apparmor="STATUS" operation="profile_replace" profile="unconfined" name="sshd" pid=9 comm="apparmor_parser"';
  const datagram =
    'AVC apparmor="DENIED" operation="create" profile="sshd" pid=676 comm="sshd" family="inet6" sock_type="dgram" protocol=0 requested_mask="create" denied_mask="create"';
  const send =
    'AVC apparmor="DENIED" operation="sendmsg" profile="sshd" pid=1001 comm="sshd" family="vsock" sock_type="stream" protocol=0 requested_mask="send" denied_mask="send"';
  const journal = (...lines: string[]) =>
    given({ 'bin/journalctl': `#!/bin/sh\ncat <<'X'\n${lines.join('\n')}\nX\n` });

  it('fails if AppArmor denies the socket of a connection that failed', () => {
    journal(loaded, send, datagram);
    expect(run('closed')).toMatch(
      /^failed +denied +AppArmor denies sshd its socket: .*family="vsock"[\s\S]*faults: 1\n$/,
    );
    journal(loaded, datagram);
    expect(run('closed')).not.toContain('AppArmor');
  });

  it('shows the rule for it, and what to try without the profile', () => {
    const whole = send.replaceAll('profile="sshd"', 'profile="/usr/sbin/sshd"');
    journal(whole);
    expect(run('closed')).toContain(
      'fix      denied        aa-complain /usr/sbin/sshd\nhint     denied        to try without it\n',
    );
    given({ 'etc/apparmor.d/usr.sbin.sshd': 'profile sshd /usr/sbin/sshd {\n}\n' });
    const file = '/etc/apparmor.d/usr.sbin.sshd';
    expect(run('closed')).toContain(
      `fix      denied        sed -i '2i\\  network vsock stream,' ${file} && apparmor_parser -r ${file}\nhint     denied        or, to try without the profile: apparmor_parser -R ${file}\n`,
    );
  });

  it('ignores what AppArmor denied before a profile was loaded again, and if the connection works', () => {
    journal(send, loaded);
    expect(run('closed')).not.toContain('AppArmor');
    journal(send);
    expect(run()).toBe('faults: 0\n');
  });

  // A container's root can load profiles of any name, and this kernel logs what they deny.
  it.each([';id;sshd', '$(id)sshd', '-f/etc/shadow;sshd'])(
    'prints no command with the profile of such a name: %s',
    (profile) => {
      given({ 'etc/apparmor.d/usr.sbin.sshd': 'profile sshd /usr/sbin/sshd {\n}\n' });
      journal(send.replace('profile="sshd"', `profile="${profile}"`));
      const said = run('closed');
      expect(said).toMatch(/^failed +denied +AppArmor denies sshd its socket: /);
      expect(said).toMatch(/^hint +denied +aa-complain for the profile of that line, to try without it\n/m);
    },
  );

  it('asks the journal only for what is newer than the policy, and says if SELinux may hide a denial', () => {
    given({
      'bin/journalctl':
        '#!/bin/sh\ncase " $* " in *" --since=@1730885400 "*) ;; *) sed "s/.*avc:/AVC avc:/" "$(dirname "$0")/old" ;; esac\n',
      'bin/old': accept,
      'etc/selinux/default/policy/policy.33': '',
    });
    utimesSync(join(root, 'etc/selinux/default/policy/policy.33'), 1_730_885_400, 1_730_885_400);
    expect(run()).toBe('faults: 0\n');
    expect(run('closed')).toMatch(
      /^skipped +denied +SELinux is enforcing, and no denial is in the logs.*\nfix +denied +setenforce 0\nhint .*\nfaults: 0\n$/,
    );
  });
});
