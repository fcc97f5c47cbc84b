import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkScript, setupScript, undoScript } from '../../../src/guest/script.js';
import { shell, shells } from '../../helpers/shells.js';
import { functionsOf, given, root, useRoot } from './guest.js';

useRoot();
const inittab = 'id:2:initdefault:\nsi::sysinit:/etc/init.d/rcS';
const listener = 'usr/local/sbin/sshd-vsock';
const line = /^v[0-9a-f]{3}:2345:respawn:\/usr\/local\/sbin\/sshd-vsock 22$/m;
const [banner = ''] = /^banner_here\(\) \{\n[\s\S]*?^\}$/m.exec(setupScript({ port: 22 })) ?? [];
const read = (path: string) => readFileSync(join(root, path), 'utf8');

beforeEach(() => given({ 'proc/1/comm': 'init\n', 'etc/inittab': inittab }));

// The whole scripts in a root of the test, with its own init; nothing of this host is asked or changed.
describe.each(shells)('a guest without systemd: $name', ({ command }) => {
  const run = (script: string, step: string) => {
    const functions = functionsOf(script);
    const system = `is_wsl() { return 1; }
      banner_here() { if [ -e "$R/runs" ]; then echo 'banner SSH-2.0-x'; else echo 'error 104 reset'; fi; }
      sleep() { :; }
      telinit() { grep -c sshd-vsock "$R/etc/inittab" >"$R/lines"; : >"$R/runs"; }
      rc-update() { case "$*" in *add*) mkdir -p "$R/etc/runlevels/default"; : >"$R/etc/runlevels/default/$3" ;; esac; }
      rc-service() { : >"$R/runs"; }`;
    // dash has no functions with a hyphen in their names.
    const plain = system.replaceAll(/rc-(update|service)\(\)/g, 'rc_$1()');
    const { stdout, stderr } = shell(
      command,
      `${functions.replaceAll(/\brc-(update|service) /g, 'rc_$1 ')}\n${plain}\n${step}\necho "faults: $faults"`,
      { args: [root] },
    );
    return stdout + stderr;
  };
  const setUp = (kind: string) =>
    run(setupScript({ port: 22 }), `name=sshd-vsock; scratch=$R; set_up_init ${kind}`);
  const undo = () => run(undoScript(), 'scratch=$R; undo_all');
  const check = () =>
    run(checkScript({ port: 22, account: 'root' }), 'command() { :; }; check_systemd; echo "$?"');

  it.each([
    { name: 'sysvinit', files: {}, is: 'sysvinit\n' },
    { name: 'OpenRC', files: { 'run/openrc/softlevel': '', 'etc/init.d/x': '' }, is: 'openrc\n' },
    { name: "BusyBox's init", files: {}, exe: '/bin/busybox', is: 'busybox\n' },
    { name: 'another', files: { 'proc/1/comm': 'runit\n' }, is: '' },
    { name: 'systemd', files: { 'proc/1/comm': 'systemd\n', 'run/systemd/system/x': '' }, is: '' },
  ])('knows $name', ({ files, exe, is }) => {
    given(files);
    if (exe) symlinkSync(exe, join(root, 'proc/1/exe'));
    expect(run(setupScript({ port: 22 }), 'init_kind')).toBe(`${is}faults: 0\n`);
  });

  it('sysvinit gets a line of its table, and init reads it; the undo takes it away, byte for byte', () => {
    expect(setUp('sysvinit')).toMatch(
      /^changed +service +a line of \/etc\/inittab runs \/usr\/local\/sbin\/sshd-vsock 22/m,
    );
    expect(read('etc/inittab')).toMatch(line);
    expect(read('etc/inittab').startsWith(`${inittab}\n`)).toBe(true);
    expect(read(listener)).toMatch(/^#!\/bin\/sh\n# vmssh-guest [0-9a-f]{16}: /);
    expect(read('lines')).toBe('1\n');
    expect(setUp('sysvinit')).toMatch(/^ok +service .*\nfaults: 0\n$/);
    const undone = undo();
    expect(undone).toMatch(/faults: 0\n$/);
    expect(read('etc/inittab')).toBe(inittab);
    expect(read('lines')).toBe('0\n');
    expect(existsSync(join(root, listener))).toBe(false);
  });

  it("OpenRC gets a service, started now and at boot; BusyBox's init a line of its own kind", () => {
    expect(setUp('openrc')).toMatch(/^changed +service +\/etc\/init\.d\/sshd-vsock runs /m);
    expect(read('etc/init.d/sshd-vsock')).toMatch(
      /^#!\/sbin\/openrc-run\n[\s\S]*supervisor=supervise-daemon\ncommand=\/usr\/local\/sbin\/sshd-vsock\ncommand_args=22\n/,
    );
    expect(existsSync(join(root, 'etc/runlevels/default/sshd-vsock'))).toBe(true);
    expect(setUp('openrc')).toMatch(/^ok +service .*\nfaults: 0\n$/m);
    expect(undo()).toMatch(/^changed +undo +sshd-vsock is no longer started at boot$/m);
    expect(existsSync(join(root, 'etc/init.d/sshd-vsock'))).toBe(false);
    expect(run(setupScript({ port: 22 }), 'inittab_line busybox 22')).toMatch(
      /^::respawn:\/usr\/local\/sbin\/sshd-vsock 22\n/,
    );
  });

  it('a program of somebody else is not overwritten, and an sshd that answers already is left alone', () => {
    given({ [listener]: '#!/bin/sh\n' });
    expect(setUp('sysvinit')).toMatch(/^failed +service +.*sshd-vsock exists and was not written by vmssh/m);
    expect(read(listener)).toBe('#!/bin/sh\n');
    expect(read('etc/inittab')).toBe(inittab);
    writeFileSync(join(root, 'runs'), '');
    expect(setUp('openrc')).toMatch(/^skipped +service +something that vmssh did not set up answers/);
  });

  it('a container is asked at the socket that it exports, not over the vsock of its host', () => {
    given({ 'run/host/unix-export/x': '' });
    const socat = (says: string) =>
      `socat() { echo "$*" >>"$R/asked"; echo '${says}'; }; timeout() { shift; "$@"; }`;
    const ask = (says: string) =>
      run(
        setupScript({ port: 22 }),
        `unset -f banner_here; ${banner}\n${socat(says)}\nbanner_here 22; place`,
      );
    expect(ask('SSH-2.0-x')).toBe('banner SSH-2.0-x\n/run/host/unix-export/ssh\nfaults: 0\n');
    expect(read('asked')).toContain(`UNIX-CONNECT:${root}/run/host/unix-export/ssh`);
    expect(ask('socat[1] E connect(, AF=1 "/x", 4): No such file or directory')).toMatch(
      /^error 0 No such file or directory\n/,
    );
    expect(run(checkScript({ port: 22, account: 'root' }), 'command() { :; }; check_systemd')).toContain(
      'nothing starts sshd on /run/host/unix-export/ssh\n',
    );
  });

  it('the check says what is missing', () => {
    expect(check()).toMatch(
      /^failed +systemd +PID 1 is init, not systemd, and the services are sysvinit's: nothing starts sshd .*\n(fix .*\n)?hint +systemd +for good, on the host: vmssh guest install; /,
    );
    setUp('sysvinit');
    writeFileSync(join(root, 'etc/inittab'), inittab);
    const [, fix = ''] = /^fix +listening +(.*)$/m.exec(check()) ?? [];
    expect(fix).toMatch(/^echo 'v[0-9a-f]{3}:2345:respawn:\S+ 22' >> \/etc\/inittab && telinit q$/);
  });
});
