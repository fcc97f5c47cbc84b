import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import system from '../../../../src/guest/sh/check/system.sh';
import unitSshd from '../../../../src/guest/sh/check/unit-sshd.sh';
import facts from '../../../../src/guest/sh/parts/facts.sh';
import report from '../../../../src/guest/sh/parts/report.sh';
import { findProgram, lacks } from '../../../helpers/programs.js';
import { shells } from '../../../helpers/shells.js';
import { makePrivsepFolder } from '../../../helpers/sshd.js';
import { eachRow } from '../../../helpers/tables/rows.js';
import { writeTree } from '../../../helpers/temp-dir.js';
import { root, runThere, useRoot } from '../guest.js';

const sshd = findProgram('sshd');
beforeAll(makePrivsepFolder);
const missing = lacks('sshd', 'ssh-keygen');
useRoot();

const keys = ['ed25519', 'rsa', 'ecdsa'].map((type) => `/etc/ssh/ssh_host_${type}_key`);
const [ed25519 = '', rsa = ''] = keys;
const makeKeys = () => execFileSync('ssh-keygen', ['-A', '-f', root], { stdio: 'ignore' });

/** A guest whose sshd is the real one; `options` are those of the unit. */
function site(config: string, options = '', env = ''): void {
  const argv = `/usr/sbin/sshd -i ${options}`;
  writeTree(root, {
    'etc/ssh/sshd_config': `${keys.map((key) => `HostKey ${root}${key}\n`).join('')}${config}\n`,
    'etc/default/ssh': `${env}\n`,
    // It names the paths of the guest.
    'usr/sbin/sshd': `#!/bin/sh
said=$(${sshd} -f ${root}/etc/ssh/sshd_config "$@" 2>&1)
code=$?
printf '%s\\n' "$said" | sed 's|${root}||g' >&2
exit $code
`,
    'bin/systemctl': `#!/bin/sh
case $4 in
  ExecStart) echo '{ path=/usr/sbin/sshd ; argv[]=${argv} ; ignore_errors=yes ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }' ;;
  EnvironmentFiles) echo '/etc/default/ssh (ignore_errors=yes)' ;;
esac
`,
  });
  makeKeys();
}

describe.each(shells)(`what sshd -t says: $name${missing ? `: ${missing}` : ''}`, ({ command }) => {
  const check = () => {
    const parts = `${report}${facts}${unitSshd}${system}`;
    const steps = 'check_host_keys; check_unit_sshd; echo "faults: $faults"';
    return runThere(command, `${parts}\nid() { echo 0; }\nunit=sshd-vsock\nsshd=/usr/sbin/sshd\n${steps}`);
  };
  const fixOf = (said: string) => /^(?:fix|hint) +\S+ +(.*)$/m.exec(said)?.[1] ?? 'false';
  /** Runs the fix as printed, on the root. */
  const repair = (said: string) =>
    execFileSync('sh', [
      '-c',
      fixOf(said)
        .replaceAll('ssh-keygen -A', `ssh-keygen -A -f ${root}`)
        .replaceAll(/ (?=\/etc\/)/g, ` ${root}`),
    ]);
  const fine = 'ok       host-keys     sshd -t reports no problems\nfaults: 0\n';

  describe.skipIf(missing)('with the real sshd', () => {
    eachRow({
      'no host keys': {
        breaks: () => execFileSync('sh', ['-c', `rm ${root}/etc/ssh/ssh_host_*`]),
        says: /^failed +host-keys +sshd -t says: .*no hostkeys available/,
        fix: 'ssh-keygen -A',
      },
      'host keys that others can read': {
        breaks: () => {
          for (const key of keys) chmodSync(root + key, 0o644);
        },
        says: /^failed +host-keys +sshd -t says: Permissions 0644 for '\/etc\/ssh\/ssh_host_ed25519_key' are too open\./,
        fix: `chmod 600 ${keys.join(' ')}`,
      },
      'one host key that others can read': {
        breaks: () => chmodSync(root + rsa, 0o644),
        says: /^failed +host-keys +sshd -t says: Permissions 0644 for '\/etc\/ssh\/ssh_host_rsa_key' are too open\./,
        fix: `chmod 600 ${rsa}`,
      },
      'a host key that is damaged': {
        breaks: () => writeTree(root, { [ed25519.slice(1)]: 'x\n' }),
        says: /^failed +host-keys +sshd -t says: .*Unable to load host key.*ssh_host_ed25519_key/,
        fix: `mv ${ed25519} ${ed25519}.bad && ssh-keygen -A`,
      },
    })('$name: one fault, and its fix works', ({ breaks, says, fix }) => {
      site('', '$SSHD_OPTS', 'SSHD_OPTS="-o PermitRootLogin=no"');
      breaks();
      chmodSync(root, 0o755);
      const said = check();
      expect(said).toMatch(says);
      expect(fixOf(said)).toBe(fix);
      expect(said).toMatch(/faults: 1\n$/);
      repair(said);
      expect(check()).toBe(fine);
    });

    it('a key of a place of its own is made there', () => {
      site('HostKey /etc/ssh/own_key');
      expect(fixOf(check())).toBe("ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/own_key && ssh-keygen -A");
    });

    it.each([
      { name: 'an unknown option', line: 'FooBar x', says: /line 4: Bad configuration option: FooBar/i },
      { name: 'a bad value', line: 'PermitRootLogin noo', says: /line 4: unsupported option "noo"/i },
      { name: 'two bad lines', line: 'FooBar x\nBarFoo y', says: /line 4: .*; .*line 5: .*BarFoo/i },
      { name: 'a bad cipher', line: 'Ciphers foo', says: /line 4: Bad SSH2 cipher spec/ },
    ])('$name: one fault, and names the line', ({ line, says }) => {
      site(line, '$SSHD_OPTS', 'SSHD_OPTS="-o PermitRootLogin=no"');
      const said = check();
      expect(said).toMatch(/^failed +sshd-config +sshd -t says: /);
      expect(said).toMatch(says);
      expect(said).toMatch(/faults: 1\n$/);
      expect(said).toMatch(/^fix +sshd-config +sshd -t\nhint .*correct the line that it names$/m);
    });

    it('takes no warning for a fault', () => {
      site('UsePrivilegeSeparation yes');
      expect(check()).toBe(fine);
    });

    it("shows the unit's own options, of which one is wrong", () => {
      site('', '$SSHD_OPTS', 'SSHD_OPTS="-o NoSuchThing=yes"');
      const said = check();
      expect(said).toMatch(/^ok .*\nfailed +sshd-config +sshd-vsock@\.service starts .*NoSuchThing/);
      expect(fixOf(said)).toBe('systemctl cat sshd-vsock@.service');
    });

    it('names the bad line of the file that the unit has in place of sshd_config', () => {
      site('', `-f ${root}/other`);
      writeTree(root, { other: `HostKey ${root}${rsa}\nFooBar x\n` });
      expect(check()).toMatch(/which says: \/other: line 2: Bad configuration option: FooBar/i);
    });
  });
});
