import { describe, expect, it } from 'vitest';
import answer from '../../../src/guest/sh/check/answer.sh';
import socket from '../../../src/guest/sh/check/socket.sh';
import system from '../../../src/guest/sh/check/system.sh';
import transport from '../../../src/guest/sh/check/transport.sh';
import init from '../../../src/guest/sh/init/init.sh';
import facts from '../../../src/guest/sh/parts/facts.sh';
import report from '../../../src/guest/sh/parts/report.sh';
import vsock from '../../../src/guest/sh/parts/vsock.sh';
import { firstShell } from '../../helpers/shells.js';
import { eachRow } from '../../helpers/tables/rows.js';
import { writeTree } from '../../helpers/temp-dir.js';
import { root, runThere, useRoot } from './guest.js';

useRoot();

/** Files under the root, and programs that answer with a text. */
function given(files: Record<string, string | undefined>, programs: Record<string, string> = {}): void {
  const scripts = Object.entries(programs).map(([name, body]) => [`bin/${name}`, `#!/bin/sh\n${body}\n`]);
  writeTree(root, { ...files, ...Object.fromEntries(scripts) });
}

const systemctl = (version: string, shows: Record<string, string> = {}) => `case "$*" in
  --version) echo 'systemd ${version}' ;;
  ${Object.entries(shows)
    .map(([pattern, answer]) => `*'${pattern}'*) echo '${answer}' ;;`)
    .join('\n  ')}
esac`;

const ownGenerator = { 'usr/lib/systemd/system-generators/systemd-ssh-generator': '' };

describe.each(firstShell)('$name', ({ command }) => {
  const parts = `${report}${facts}${vsock}${system}${transport}${socket}${answer}${init}`;
  const run = (script: string) =>
    runThere(command, `${parts}\nport=22\nbanner_here() { echo closed; }\n${script}`);

  it.each([
    { line: '252 (252.39-1~deb12u2)', major: '252', full: '252.39-1~deb12u2' },
    { line: '259', major: '259', full: '259' },
    { line: '240 (240-6ubuntu9)', major: '240', full: '240-6ubuntu9' },
    { line: '258 (258.3-1.fc43)', major: '258', full: '258.3-1.fc43' },
  ])('reads the version "$line"', ({ line, major, full }) => {
    given({}, { systemctl: systemctl(line) });
    expect(run('systemd_major; systemd_full')).toBe(`${major}\n${full}\n`);
  });

  it('of a container with systemd looks at the socket that it exports', () => {
    const units = '/run/systemd/generator/sshd-unix-export';
    given(
      {
        'proc/1/comm': 'systemd\n',
        'run/systemd/system/x': '',
        'run/host/unix-export/x': '',
        [`${units}.socket`]: '',
        [`${units}@.service`]: '',
      },
      { systemctl: systemctl('257', { 'Accept --value': 'yes', 'ActiveState --value': 'active' }) },
    );
    expect(run('check_socket')).toMatch(
      /ok +accept +sshd-unix-export\.socket and sshd-unix-export@\.service belong together\nok +listening +sshd-unix-export\.socket listens/,
    );
    expect(run('place')).toBe('/run/host/unix-export/ssh\n');
  });

  it.each([
    { version: '258 (258.2-1)', bug: false },
    { version: '258 (258.3-1)', bug: true },
    { version: '258 (258.10-1)', bug: true },
    { version: '259 (259.1)', bug: true },
    { version: '259 (259-1)', bug: true },
    { version: '260 (260.2-2)', bug: true },
    { version: '260 (260.3-1)', bug: false },
    { version: '257 (257.13)', bug: false },
    { version: '261 (261-1)', bug: false },
    { version: '262 (262.1-1)', cid: 1, bug: true },
    { version: '257 (257.13)', cid: 1, bug: false },
  ])(
    '9: knows the Hyper-V fault of systemd $version, CID $cid: $bug',
    ({ version, cid = 4294967295, bug }) => {
      given(ownGenerator, {
        systemctl: systemctl(version),
        'systemd-detect-virt': 'echo microsoft',
        perl: `echo ${cid}`,
      });
      const said = run('check_cid_bug');
      expect(said.startsWith('failed   hyper-v-cid')).toBe(bug);
      if (bug) expect(said).toMatch(/hint +hyper-v-cid +the script of vmssh guest print writes the units/);
      given({}, { 'systemd-detect-virt': 'echo kvm' });
      expect(run('check_cid_bug')).toMatch(/^ok/);
    },
  );

  it('9: passes if another unit has the port, and with another port', () => {
    given(ownGenerator, { systemctl: systemctl('259 (259.9)'), 'systemd-detect-virt': 'echo microsoft' });
    expect(run('port=2222; check_cid_bug')).toMatch(/^ok/);
    expect(run('check_cid_bug')).toMatch(/^failed/);
    given({ 'run/systemd/generator/sshd-extra.socket': '[Socket]\nListenStream=vsock::22\n' });
    expect(run('check_cid_bug')).toMatch(/^ok/);
  });

  const at22 = [
    ...['vsock::22', 'vsock:3:22', 'vsock:0x3:22', 'vsock::0x16 ', 'vsock-stream::22'],
    ...['vsock-stream:0xffffffff:22', 'vsock://any:22', 'vsock:any:22', 'vsock:host:22'],
  ];
  const elsewhere = [
    'vsock:mint:22',
    'vsock::2222',
    'vsock::220',
    'vsock-dgram::22',
    '22',
    '/run/vsock:3:22',
  ];
  it.each([...at22, ...elsewhere])(
    'finds only the socket unit of port 22 by its address: "%s"',
    (address) => {
      given({ 'etc/systemd/system/own.socket': `[Socket]\n ListenStream = ${address}\nAccept=yes\n` });
      expect(run('find_socket_unit 22')).toBe(at22.includes(address) ? 'own\n' : '');
    },
  );

  it('finds it by any of its addresses', () => {
    const lines = 'ListenStream=/run/x\nListenStream=vsock:0x3:22\nListenStream=vsock::2222\n';
    given({ 'run/systemd/system/own.socket': `[Socket]\n${lines}` });
    expect(run('find_socket_unit 22; find_socket_unit 2222')).toBe('own\nown\n');
  });

  it('finds it by the addresses of its drop-ins, by their names; an empty one takes away those before', () => {
    const address = (text: string) => `[Socket]\nListenStream=${text}\n`;
    given({
      'usr/lib/systemd/system/own.socket': `${address('vsock::22')}Accept=yes\n`,
      'usr/lib/systemd/system/own.socket.d/50-more.conf': address('vsock::2222'),
      'etc/systemd/system/own.socket.d/50-more.conf': address('vsock::2223'),
      'run/systemd/system/own.socket.d/60-last.conf': address('vsock::2224'),
    });
    const found = 'for p in 22 2222 2223 2224; do find_socket_unit $p >/dev/null && echo $p; done';
    expect(run(found)).toBe('22\n2223\n2224\n');
    given({ 'etc/systemd/system/own.socket.d/55-none.conf': address('') });
    expect(run(found)).toBe('2224\n');
  });

  it.each([
    { folder: 'etc', fix: 'systemctl unmask own.socket &&' },
    { folder: 'run', fix: 'systemctl unmask --runtime own.socket &&' },
  ])('8: fixes a mask in /$folder', ({ folder, fix }) => {
    given(
      { [`${folder}/systemd/system/own.socket`]: '[Socket]\nListenStream=vsock::22\n' },
      { systemctl: systemctl('257', { 'own.socket -p LoadState': 'masked' }) },
    );
    expect(run('check_socket')).toContain(`fix      masked        ${fix}`);
  });

  it('1: fixes the address in a drop-in, if it is there that systemd refuses it', () => {
    const unit = 'etc/systemd/system/own.socket';
    const dropIn = `${unit}.d/port.conf`;
    given(
      { [unit]: '[Socket]\nAccept=yes\n', [dropIn]: '[Socket]\nListenStream=vsock://any:22\n' },
      { systemctl: systemctl('252', { 'own.socket -p LoadState': 'bad-setting' }) },
    );
    const said = run('check_socket');
    expect(said).toContain(`/${dropIn} has ListenStream=vsock://any:22, and systemd 252`);
    const [, fix = 'false'] = /^fix +address-form +(sed .*?) &&/m.exec(said) ?? [];
    expect(run(`${fix.replace(`/${dropIn}`, `"$R/${dropIn}"`)}; grep Listen "$R/${dropIn}"`)).toBe(
      'ListenStream=vsock::22\n',
    );
  });

  it.each([
    {
      systemd: '252',
      address: 'vsock-stream:0x3:22',
      lacks: 'the form vsock-stream:',
      fixed: 'vsock:0x3:22',
    },
    { systemd: '254', address: 'vsock:local:22', lacks: 'a name as the CID', fixed: 'vsock::22' },
    { systemd: '254', address: 'vsock-stream:host:22', lacks: 'a name as the CID', fixed: 'vsock::22' },
    { systemd: '257', address: 'vsock:any:22', lacks: 'a name as the CID', fixed: 'vsock::22' },
    { systemd: '257', address: 'vsock:-1:22', lacks: 'a name as the CID', fixed: 'vsock::22' },
    { systemd: '262', address: 'vsock://any:22', lacks: 'the URL form', fixed: 'vsock::22' },
    { systemd: '262', address: 'vsock://3:22', lacks: 'the URL form', fixed: 'vsock:3:22' },
  ])('1: fixes $address, if systemd $systemd refuses it', ({ systemd, address, lacks, fixed }) => {
    const unit = 'etc/systemd/system/own.socket';
    const isIn = (state: string) =>
      given(
        { [unit]: `[Socket]\nListenStream=${address}\n`, ...ownGenerator },
        { systemctl: systemctl(systemd, { 'own.socket -p LoadState': state }) },
      );
    isIn('loaded');
    expect(run('own_cid() { echo 3; }; check_socket')).toMatch(/^failed +(accept|listening) /);
    isIn('bad-setting');
    const said = run('check_socket');
    expect(said).toMatch(/^failed +address-form /);
    expect(said).toContain(
      ` has ListenStream=${address}, and systemd ${systemd} (bad-setting) does not support ${lacks}`,
    );
    const [, fix = 'false'] = /^fix +address-form +(sed .*?) &&/m.exec(said) ?? [];
    expect(run(`${fix.replace(`/${unit}`, `"$R/${unit}"`)}; grep Listen "$R/${unit}"`)).toBe(
      `ListenStream=${fixed}\n`,
    );
  });

  const wsl = { 'proc/sys/kernel/osrelease': '6.6.87.2-microsoft-standard-WSL2\n', 'proc/1/comm': 'init\n' };
  eachRow({
    'WSL2 without a word of systemd': {
      files: { 'etc/wsl.conf': '[network]\nsystemd=true\n' },
      says: /has no \[boot\] systemd=true\nfix .*wsl\.conf\nhint .*wsl --shutdown/,
    },
    'WSL2 with systemd=false': {
      files: { 'etc/wsl.conf': '[boot]\nsystemd = false\n' },
      says: /has no \[boot\] systemd=true/,
    },
    'WSL2 that was not restarted': {
      files: { 'etc/wsl.conf': '[user]\n[boot]\n systemd = True\n' },
      says: /takes effect at the next start\nhint .*in Windows: wsl --shutdown/,
    },
  })('6: $name', ({ files, says }) => {
    given({ ...wsl, ...files });
    expect(run('check_systemd')).toMatch(says);
  });

  it('notes what works anyway', () => {
    given({ 'proc/1/comm': 'runit\n' });
    expect(run('noted=yes; check_systemd; echo "$? $faults"')).toBe(
      'skipped  systemd       PID 1 is runit, not systemd; the login works anyway\n1 0\n',
    );
  });

  it.each([
    { left: '0', options: 'rw', says: /^failed +disk +\/ has no space left\nfix +disk +df -h \/\nhint / },
    {
      left: '9',
      options: 'ro,noatime',
      says: /^failed +disk +\/etc is read-only: \/ .*\nfix +disk +mount -o remount,rw \/\n/,
    },
    { left: '9', options: 'rw', says: /^$/ },
    {
      left: '9',
      options: 'ro,lowerdir=/a',
      type: 'overlay',
      says: /^failed +disk +\/etc is read-only: the container was made so\nhint +disk +make it anew without --read-only; or .*setup --bring-sshd\n$/,
    },
  ])('17: a disk with $left KiB left, mounted $options', ({ left, options, type = 'ext4', says }) => {
    given({ 'proc/mounts': `/dev/vda1 / ${type} ${options} 0 0\n` });
    expect(
      run(
        `df() { printf 'Filesystem 1024-blocks Used Available Capacity Mounted\\n/dev/vda1 100 91 ${left} 91%% /\\n'; }; check_disk`,
      ),
    ).toMatch(says);
  });

  it('6: goes by the answer if there is one, whatever the init is', () => {
    given({ 'proc/1/comm': 'init\n' });
    const answers = (banner: string) =>
      `banner_here() { echo '${banner}'; }; answers_without_systemd; echo $?`;
    expect(run(answers('banner SSH-2.0-x'))).toBe(
      'ok       systemd       PID 1 is init, not systemd, and sshd answers on vsock port 22\n0\n',
    );
    for (const none of ['error 104 reset', 'silent', 'closed', 'no-client', 'no-loopback'])
      expect(run(answers(none))).toBe('1\n');
    given({ 'proc/1/comm': 'systemd\n', 'run/systemd/system/x': '' });
    expect(run(answers('banner SSH-2.0-x'))).toBe('1\n');
  });

  it('6: distinguishes another init from systemd', () => {
    given({ 'proc/1/comm': 'runit\n' });
    expect(run('check_systemd')).toMatch(/^failed +systemd +PID 1 is runit, not systemd\n(fix .*\n)?hint/);
  });

  eachRow({
    'no device': { files: {}, says: /^failed +transport +this machine has no vsock device/ },
    'VirtIO without its driver': {
      files: { 'sys/bus/virtio/devices/virtio2/modalias': 'virtio:d00000013v00001AF4\n' },
      says: /the virtio vsock device has no driver: vmw_vsock_virtio_transport is not loaded\nfix .*modprobe vmw_vsock_virtio_transport/,
    },
    'VMware without its driver': {
      files: {
        'sys/bus/pci/devices/0000:00:07.7/vendor': '0x15ad\n',
        'sys/bus/pci/devices/0000:00:07.7/device': '0x0740\n',
      },
      says: /VMware vsock device has no driver.*\nfix .*modprobe vmw_vsock_vmci_transport/,
    },
    'Hyper-V without its driver': { files: { 'sys/bus/vmbus/x': '' }, says: /fix .*modprobe hv_sock/ },
    'VirtIO on PCI, with its driver': {
      files: {
        'sys/bus/pci/devices/1/vendor': '0x1af4\n',
        'sys/bus/pci/devices/1/device': '0x1053\n',
        'sys/module/vmw_vsock_virtio_transport/x': '',
      },
      says: /^ok +transport +virtio vsock by vmw_vsock_virtio_transport/,
    },
  })('5: $name', ({ files, says }) => {
    given({ 'proc/net/protocols': 'AF_VSOCK  1232\n', ...files }, { modprobe: 'exit 0', perl: 'exit 0' });
    expect(run('check_transport')).toMatch(says);
  });

  eachRow({
    'a kernel without AF_VSOCK': { modprobe: 'exit 1', says: /has no AF_VSOCK, and no module vsock/ },
    'AF_VSOCK as a module': {
      modprobe: 'exit 0',
      says: /AF_VSOCK is not loaded.*\nfix .*modprobe vmw_vsock_virtio/,
    },
  })('5: $name', ({ modprobe, says }) => {
    given({ 'sys/bus/virtio/devices/virtio2/modalias': 'virtio:d00000013v00001AF4\n' }, { modprobe });
    expect(run('check_transport')).toMatch(says);
  });

  it.each([
    { line: 'quiet systemd.ssh_auto=no x', off: true },
    { line: 'systemd.ssh_auto="off"', off: true },
    { line: 'systemd.ssh-auto=0', off: true },
    { line: 'systemd.ssh_auto=no systemd.ssh_auto=yes', off: false },
    { line: 'systemd.ssh_auto', off: false },
    { line: 'xsystemd.ssh_auto=no', off: false },
  ])('8: reads the command line "$line": $off', ({ line, off }) => {
    given({ 'proc/cmdline': `${line}\n` });
    expect(run('if ssh_auto_is_off; then echo off; else echo on; fi')).toBe(off ? 'off\n' : 'on\n');
  });

  it.each([
    { built: 'x /run/sshd.pid /usr/share/empty.sshd', folder: '/usr/share/empty.sshd' },
    { built: '/run/sshd', folder: '/run/sshd' },
    { built: '/var/lib/empty /run/sshd.pid', folder: '/var/lib/empty' },
    { built: '/var/empty/sshd', folder: '/var/empty/sshd' },
    { built: 'nothing', folder: '/run/sshd' },
  ])('finds the folder that sshd was built with: $folder', ({ built, folder }) => {
    given({ 'usr/sbin/sshd': `ELF\0\0${built}\0` });
    expect(run('privsep_folder /usr/sbin/sshd')).toBe(`${folder}\n`);
  });

  // ESC, C1 as a byte and in UTF-8, a bidi override, an isolate, a line separator, DEL, a carriage return, a newline.
  it('prints no control characters from a journal or a unit', () => {
    const hostile =
      '\\033]0;x\\007\\2332J\\302\\2332J\\342\\200\\256\\342\\201\\246\\342\\200\\250\\177\\r\\nend 0 all is well';
    given(
      { 'etc/systemd/system/sshd-vsock.socket': '[Socket]\nListenStream=vsock::22\n' },
      {
        journalctl: `printf '${hostile}'`,
        systemctl: systemctl('252', { 'sshd-vsock.socket -p LoadState': 'bad-setting' }),
      },
    );
    const text = `"$(printf '${hostile}')"`;
    const said = run(`check_socket || :; fail x ${text} ${text}`);
    expect(said).toMatch(
      /^failed +address-form +sshd-vsock\.socket is refused \(bad-setting\): end 0 all is well\nhint .*\n/,
    );
    expect(said).toMatch(/\nfailed +x .* end 0 all is well\nfix +x .* end 0 all is well\n$/);
    expect(said.replaceAll('\n', '')).toMatch(/^[ -~]+$/);
  });

  it('4: a slow lookup is a fault with UseDNS no too', () => {
    given({ 'etc/ssh/sshd_config': 'UseDNS no\n' });
    expect(run('unknown_lookup_ms() { echo 2500; }; check_unknown')).toBe(
      "failed   name-lookup   looking up the name UNKNOWN took 2500 ms, and each login may wait for it, with UseDNS no too\nfix      name-lookup   echo '127.0.0.1 UNKNOWN' >> /etc/hosts\n",
    );
  });

  it('4: says that WSL and cloud-init rewrite /etc/hosts', () => {
    given({ 'etc/cloud/cloud.cfg.d/90.cfg': 'manage_etc_hosts: true\n' });
    expect(run('hosts_note')).toContain('or cloud-init rewrites it');
    given({ ...wsl, 'etc/wsl.conf': '' });
    expect(run('hosts_note')).toContain('generateHosts=false');
  });
});
