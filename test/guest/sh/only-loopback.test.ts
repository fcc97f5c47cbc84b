import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setupScript, undoScript } from '../../../src/guest/script.js';
import { findProgram, lacks } from '../../helpers/programs.js';
import { shell, shells } from '../../helpers/shells.js';
import { makePrivsepFolder } from '../../helpers/sshd.js';
import { eachRow } from '../../helpers/tables/rows.js';
import { functionsOf, given, root, useRoot } from './guest.js';

useRoot();
const file = 'etc/ssh/sshd_config.d/10-vmssh-loopback.conf';
const sshd = findProgram('sshd');
beforeAll(makePrivsepFolder);
const missing = lacks('sshd', 'ssh-keygen');

/** The settings of the root's sshd, "Include" is its folder's line. */
function settings(...lines: readonly string[]): void {
  const text = lines.map((line) =>
    line === 'Include' ? `Include ${root}/etc/ssh/sshd_config.d/*.conf` : line,
  );
  writeFileSync(join(root, 'etc/ssh/sshd_config'), `HostKey ${root}/key\n${text.join('\n')}\n`);
}

/** A systemctl whose active units are files with what they listen on; it writes down what is done to them. */
const systemctl = `
systemctl() {
  for unit in "$@"; do :; done
  if [ "$1" = show ]; then unit=$2; fi
  case "$*" in
    show*) if [ ! -e "$R/units/$unit" ]; then return 1; fi ;;
    *is-active*) [ -e "$R/units/$unit" ]; return ;;
    *) echo "$*" >>"$R/calls" ;;
  esac
  case "$*" in
    *' -p Id '*) echo "$unit" ;;
    *' -p ActiveState '*) echo active ;;
    *' -p Listen '*) cat "$R/units/$unit" ;;
  esac
}
ss() { cat "$R/ss"; }
sleep() { :; }
scratch=$R
sshd=/usr/sbin/sshd`;

// With the real sshd, on settings in a folder of the test; it only prints them.
describe.skipIf(missing).each(shells)(
  `TCP kept on loopback${missing ? `: ${missing}` : ''}: $name`,
  ({ command }) => {
    beforeEach(() => {
      mkdirSync(join(root, 'etc/ssh'), { recursive: true });
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(root, 'key')]);
      if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
      given({
        'usr/sbin/sshd': `#!/bin/sh\nexec ${sshd} -f ${root}/etc/ssh/sshd_config "$@"\n`,
        'units/ssh.service': '',
        ss: '',
        calls: '',
      });
      settings('Include', 'Port 2222', 'Port 22');
    });
    const run = (script: string, step: string) => {
      const { stdout, stderr } = shell(command, `${functionsOf(script)}\n${systemctl}\n${step}`, {
        args: [root],
      });
      expect(stderr).toBe('');
      return stdout;
    };
    const keep = (before = 'came_over_vsock() { :; }') =>
      run(setupScript({ port: 22, onlyLoopback: true }), `${before}\nkeep_to_loopback`);
    const undo = () => run(undoScript(), 'undo_all');
    const isThere = () => existsSync(join(root, file));
    const calls = () => readFileSync(join(root, 'calls'), 'utf8');
    const addresses = () => {
      const said = execFileSync(join(root, 'usr/sbin/sshd'), ['-T'], { encoding: 'utf8' });
      return [...said.matchAll(/^listenaddress (.*)$/gm)].map(([, address]) => address);
    };

    it('writes a file of ours, has sshd read it, and is undone', () => {
      const before = addresses();
      expect(keep()).toMatch(
        /^changed +only-loopback +sshd's TCP is only on 127\.0\.0\.1:2222 127\.0\.0\.1:22 \[::1\]:2222 \[::1\]:22\. To open it again, .*: rm \/etc\/ssh\/sshd_config\.d\/10-vmssh-loopback\.conf && .* restart ssh\.service\n$/,
      );
      expect(addresses()).toEqual(['127.0.0.1:2222', '127.0.0.1:22', '[::1]:2222', '[::1]:22']);
      expect(calls()).toBe('daemon-reload\n-q reload-or-restart ssh.service\n');
      expect(keep()).toMatch(/^ok +only-loopback +sshd's TCP is only on 127\.0\.0\.1:2222 /);
      expect(calls()).toBe('daemon-reload\n-q reload-or-restart ssh.service\ndaemon-reload\n');
      expect(undo()).toMatch(
        /10-vmssh-loopback\.conf removed\n(.*\n)?changed +undo +ssh\.service listens on TCP as before\n/,
      );
      expect(addresses()).toEqual(before);
      expect(calls()).toMatch(/daemon-reload\n-q reload-or-restart ssh\.service\n(daemon-reload\n.*\n)?$/);
    });

    it.each([
      { family: 'inet', want: ['127.0.0.1:22'] },
      { family: 'inet6', want: ['[::1]:22'] },
    ])('has only addresses that sshd accepts: AddressFamily $family', ({ family, want }) => {
      settings('Include', `AddressFamily ${family}`);
      expect(keep()).toMatch(/^changed/);
      expect(addresses()).toEqual(want);
    });

    it('is not done in a session that did not come over vsock', () => {
      expect(keep('came_over_vsock() { connection=; return 1; }')).toMatch(
        /^failed +only-loopback +this session did not come over vsock .*so TCP stays open\nhint .*guest install --only-loopback,/,
      );
      expect([isThere(), calls()]).toEqual([false, '']);
    });

    eachRow({
      'a folder that sshd does not read': {
        lines: [],
        says: /with .*10-vmssh-loopback\.conf sshd listens on .*; TCP stays open\nhint .* has to include that folder/,
      },
      'another address': {
        lines: ['Include', 'ListenAddress 192.0.2.1'],
        says: /sshd listens on 192\.0\.2\.1:22; TCP stays open\nhint .* may have a ListenAddress/,
      },
    })('is taken back with $name', ({ lines, says }) => {
      settings(...lines);
      const said = keep();
      expect(said).toMatch(/^failed +only-loopback /);
      expect(said).toMatch(says);
      expect([isThere(), calls()]).toEqual([false, 'daemon-reload\n']);
    });

    it('is taken back with a socket unit that has addresses of its own', () => {
      given({ 'units/ssh.socket': '[::]:22 (Stream)\n' });
      expect(keep()).toMatch(
        /^failed +only-loopback +ssh\.socket listens on \[::\]:22, whatever .*\nhint +only-loopback +give it .*systemctl edit ssh\.socket; then run this again/,
      );
      expect([isThere(), calls()]).toEqual([false, 'daemon-reload\ndaemon-reload\n']);
    });

    it('restarts a socket unit that follows the settings, and not the service that it starts', () => {
      given({ 'units/ssh.socket': '127.0.0.1:22 (Stream)\n[::1]:22 (Stream)\nvsock::22 (Stream)\n' });
      expect(keep()).toMatch(/^changed/);
      expect(calls()).toBe('daemon-reload\n-q stop ssh.service\n-q restart ssh.socket\n');
    });

    it('says if sshd listens elsewhere all the same, and not for other listeners', () => {
      const line = (address: string, name: string) =>
        `LISTEN 0 128 ${address} 0.0.0.0:* users:(("${name}",pid=1,fd=3))\n`;
      given({ ss: line('127.0.0.1:22', 'sshd') + line('0.0.0.0:80', 'nginx') + line('*:6010', 'sshd') });
      expect(keep()).toMatch(/^changed/);
      given({ ss: line('0.0.0.0:22', 'sshd') });
      expect(keep()).toMatch(/^failed +only-loopback +sshd still listens on 0\.0\.0\.0:22\n/);
    });

    it('keeps a file of the same name that somebody else wrote', () => {
      given({ [file]: '# mine\n' });
      expect(keep()).toMatch(/^failed +only-loopback +.* was not written by vmssh/);
      expect(readFileSync(join(root, file), 'utf8')).toBe('# mine\n');
    });
  },
);
