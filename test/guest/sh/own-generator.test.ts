import { symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import socket from '../../../src/guest/sh/check/socket.sh';
import system from '../../../src/guest/sh/check/system.sh';
import transport from '../../../src/guest/sh/check/transport.sh';
import facts from '../../../src/guest/sh/parts/facts.sh';
import files from '../../../src/guest/sh/parts/files.sh';
import report from '../../../src/guest/sh/parts/report.sh';
import unitFiles from '../../../src/guest/sh/parts/unit-files.sh';
import vsock from '../../../src/guest/sh/parts/vsock.sh';
import write from '../../../src/guest/sh/parts/write.sh';
import { shells } from '../../helpers/shells.js';
import { given, root, runThere, useRoot } from './guest.js';

useRoot();
const generator = 'systemd/system-generators/systemd-ssh-generator';

const systemctl = (version: string, socketIs: string) => `#!/bin/sh
case "$*" in
  --version) echo 'systemd ${version}' ;;
  *LoadState*) echo ${socketIs} ;;
esac
`;

// Red Hat gives the generator to systemd 252, and a distribution can build 257 without it.
describe.each(shells)("$name: systemd's own generator is known by its presence", ({ command }) => {
  const run = (script: string) => {
    const parts = `${report}${files}${write}${facts}${vsock}${system}${transport}${socket}${unitFiles}`;
    return runThere(command, `${parts}\nport=22\nbanner_here() { echo closed; }\nname=sshd-vsock\n${script}`);
  };
  beforeEach(() => given({ 'bin/journalctl': '#!/bin/sh\n', 'proc/cmdline': 'quiet\n' }));
  const backport = '252 (252-55.el9)';
  const without = '257 (257.9-1)';

  it('a backported one that listens: nothing is installed beside it', () => {
    given({ [`usr/lib/${generator}`]: '', 'bin/systemctl': systemctl(backport, 'loaded') });
    expect(run('systemd_does_it; echo $?')).toMatch(
      /^skipped +units +systemd 252-55\.el9 listens on vsock port 22 by itself .*\n0\n$/,
    );
  });

  it('one whose machine had no vsock at its boot looks again, and its socket is started', () => {
    const systemctl = `#!/bin/sh
case "$*" in
  --version) echo 'systemd ${backport}' ;;
  daemon-reload) : >"\${0%/bin/*}/reloaded" ;;
  start*) : >"\${0%/bin/*}/started" ;;
  *LoadState*) if [ -e "\${0%/bin/*}/reloaded" ]; then echo loaded; else echo not-found; fi ;;
  *ActiveState*) echo inactive ;;
esac
`;
    given({ [`usr/lib/${generator}`]: '', 'bin/systemctl': systemctl });
    expect(run('systemd_does_it; echo $?; ls "$R"; cat "$state/done"')).toMatch(
      /^skipped .*\n0\n(?:.*\n)*started\n(?:.*\n)*started\tsshd-vsock\.socket\t\n$/,
    );
  });

  it('a newer systemd without it: the units are installed as for an older one', () => {
    given({ 'bin/systemctl': systemctl(without, 'not-found') });
    expect(run('systemd_does_it; echo $?')).toBe('1\n');
    expect(run('no_socket_unit')).toMatch(
      /no unit listens on vsock port 22, and systemd 257 makes none by itself\nhint +listening +for good, on the host: vmssh guest install; or here, as root: the script of vmssh guest print/,
    );
  });

  it('a masked one makes no socket either', () => {
    given({ [`usr/lib/${generator}`]: '', [`etc/${dirname(generator)}/x`]: '' });
    expect(run('has_ssh_generator; echo $?')).toBe('0\n');
    symlinkSync('/dev/null', join(root, 'etc', generator));
    expect(run('has_ssh_generator; echo $?')).toBe('1\n');
  });

  it('a backported one that made no socket is asked why', () => {
    given({ [`usr/lib/${generator}`]: '', 'bin/systemctl': systemctl(backport, 'not-found') });
    expect(run('no_socket_unit')).toMatch(/^failed +listening +systemd 252 made no sshd-vsock\.socket/);
    given({ 'proc/cmdline': 'systemd.ssh_auto=no\n' });
    expect(run('no_socket_unit')).toMatch(/^failed +masked +.*systemd\.ssh_auto=no: no socket is made/);
  });

  it('a backport that takes the URL form is believed', () => {
    const unit = { 'run/systemd/generator/sshd-vsock.socket': '[Socket]\nListenStream=vsock://any:22\n' };
    given({ ...unit, [`usr/lib/${generator}`]: '', 'bin/systemctl': systemctl(backport, 'loaded') });
    expect(run('check_socket')).not.toContain('address-form');
    given({ 'bin/systemctl': systemctl(backport, 'bad-setting') });
    expect(run('check_socket')).toMatch(/^failed +address-form/);
  });

  it('without it, its fault on Hyper-V does not apply', () => {
    given({
      'bin/systemctl': systemctl('259 (259.1)', 'not-found'),
      'bin/systemd-detect-virt': '#!/bin/sh\necho microsoft\n',
    });
    expect(run('check_cid_bug')).toMatch(/^ok/);
  });

  it('a package whose files are gone is installed again', () => {
    given({ 'bin/apt-get': '#!/bin/sh\n', 'bin/dpkg-query': "#!/bin/sh\necho 'install ok installed'\n" });
    expect(run('is_image() { return 1; }; install_command openssh-server')).toBe(
      'apt-get update && apt-get install -y --reinstall openssh-server\n',
    );
  });

  it('without a package manager nobody is told to use one', () => {
    const none = 'is_image() { return 1; }; is_installed() { return 1; }; command() { return 1; }';
    expect(run(`${none}; install_command openssh-server`)).toBe('# install the package openssh-server\n');
  });

  it('an image that cannot be changed gets sshd another way', () => {
    given({ 'run/ostree-booted': '', 'bin/rpm-ostree': '#!/bin/sh\n', 'bin/apt-get': '#!/bin/sh\n' });
    expect(run('install_command openssh-server')).toBe(
      'rpm-ostree install openssh-server && systemctl reboot\n',
    );
    expect(run(`PATH=\${PATH#*:}; install_command openssh-server`)).toBe(
      '# add openssh-server to the image: /usr cannot be changed here\n',
    );
  });
});
