import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import answer from '../../../../src/guest/sh/check/answer.sh';
import socket from '../../../../src/guest/sh/check/socket.sh';
import system from '../../../../src/guest/sh/check/system.sh';
import facts from '../../../../src/guest/sh/parts/facts.sh';
import report from '../../../../src/guest/sh/parts/report.sh';
import vsock from '../../../../src/guest/sh/parts/vsock.sh';
import { shell, shells } from '../../../helpers/shells.js';
import { useTempDir, writeTree } from '../../../helpers/temp-dir.js';

const dir = useTempDir();
let count = 0;
let root: string;
beforeEach(() => {
  root = join(dir, `root${++count}`);
  mkdirSync(root);
});

const unit = 'run/systemd/generator/sshd-vsock.socket';
const dropIns = `${unit.replace('generator', 'system')}.d`;
const template = 'usr/lib/systemd/system/sshd-vsock@.service';

/** A socket unit that systemd made, and what systemd says of it. */
function given(shows: Record<string, string>, files: Record<string, string> = {}): void {
  const cases = Object.entries({ LoadState: 'loaded', Accept: 'yes', ActiveState: 'active', ...shows });
  writeTree(root, {
    [unit]: '[Socket]\nListenStream=vsock::22\nAccept=yes\n',
    [template]: '[Service]\nExecStart=-/usr/sbin/sshd -i\n',
    ...files,
    'bin/systemctl': `#!/bin/sh
case "$*" in
  list-sockets*) echo "$(cat "$(dirname "$0")/../sockets" 2>/dev/null)" ;;
  --version) echo 'systemd 257' ;;
  ${cases.map(([name, value]) => `*' ${name} '*) echo '${value}' ;;`).join('\n  ')}
esac
`,
    'bin/journalctl': '#!/bin/sh\n',
  });
}

describe.each(shells)('$name: the socket unit', ({ command }) => {
  const run = (script: string) => {
    const all = `set -u\nR="$1"\nPATH="$1/bin:$PATH"\n${report}${facts}${vsock}${system}${socket}${answer}\nport=22\n${script}`;
    const { stdout, stderr } = shell(command, all, { args: [root] });
    expect(stderr).toBe('');
    return stdout;
  };
  /** Writes the file of the printed fix, and runs nothing else of it. */
  const repair = (said: string) => {
    const [, fix = 'false'] = /^fix +accept +(.*?) && systemctl/m.exec(said) ?? [];
    execFileSync('sh', ['-c', fix.replaceAll('/etc/', `${root}/etc/`)]);
  };

  it.each([
    { name: '50-own.conf', folder: dropIns, fixed: 'zz-vmssh-accept.conf' },
    { name: 'zzz.conf', folder: dropIns, fixed: 'zzz_vmssh.conf' },
    { name: '~last.conf', folder: dropIns, fixed: '~last_vmssh.conf' },
    {
      name: 'all.conf',
      folder: 'etc/systemd/system/socket.d',
      fixed: 'zz-vmssh-accept.conf',
    },
    {
      name: 'some.conf',
      folder: 'etc/systemd/system/sshd-.socket.d',
      fixed: 'zz-vmssh-accept.conf',
    },
  ])('2: names the drop-in $folder/$name that says no, and wins over it', ({ name, folder, fixed }) => {
    given(
      { Accept: 'no' },
      {
        [`${folder}/${name}`]: '[Socket]\n Accept = false\n',
        [`${folder}/00.conf`]: '[Socket]\nBacklog=9\n',
      },
    );
    const said = run('check_socket');
    expect(said).toContain(`failed   accept        /${folder}/${name} has Accept = false: connections`);
    repair(said);
    expect(readFileSync(join(root, `etc/systemd/system/sshd-vsock.socket.d/${fixed}`), 'utf8')).toBe(
      '[Socket]\nAccept=yes\n',
    );
    // The last of them, as systemd reads them.
    expect(run(`unit_texts "$R/${unit}" | tail -n 1`)).toBe(
      `${root}/etc/systemd/system/sshd-vsock.socket.d/${fixed}\n`,
    );
  });

  it('2: prints no command with a name that a shell would read otherwise', () => {
    given({ Accept: 'no' }, { [`${dropIns}/zzz;id.conf`]: '[Socket]\nAccept=no\n' });
    expect(run('check_socket')).toMatch(
      /^fix +accept +take Accept=no out of \/run\/.*\/zzz;id\.conf, then: systemctl daemon-reload && /m,
    );
  });

  it('2: names the unit, if nothing says no', () => {
    given({ Accept: 'no' }, { [unit]: '[Socket]\nListenStream=vsock::22\n' });
    expect(run('check_socket')).toContain(`/${unit} has no Accept=yes: connections`);
  });

  it('2: names the drop-in that allows no connection', () => {
    given({ MaxConnections: '0' }, { [`${dropIns}/max.conf`]: '[Socket]\nMaxConnections=0\n' });
    const said = run('check_socket');
    expect(said).toContain(`/${dropIns}/max.conf has MaxConnections=0: each connection is closed at once`);
    expect(said).toMatch(
      /'\[Socket\]\\nMaxConnections=64\\n' > \/etc\/.*\/zz-vmssh-maxconnections\.conf && /,
    );
  });

  it('names the drop-ins of the template, if the connection is closed, but not those of the distribution', () => {
    given(
      {},
      {
        'etc/systemd/system/sshd-vsock@.service.d/own.conf': '[Service]\nStandardInput=null\n',
        'usr/lib/systemd/system/service.d/10-timeout.conf': '[Service]\n',
      },
    );
    const script = 'unit=sshd-vsock; banner_here() { echo closed; }; journal_end() { :; }; check_banner';
    expect(run(script)).toMatch(
      /^failed +banner .*\nfix +banner +journalctl .*; see \/etc\/systemd\/system\/sshd-vsock@\.service\.d\/own\.conf\n$/,
    );
  });

  const failed = { ActiveState: 'failed', Result: 'resources' };
  /** Recorded from Debian 13. */
  const ss = (name: string, pid: number) =>
    `v_str LISTEN 0      0      *:222 *:* users:(("x",pid=9,fd=5))\nv_str LISTEN 0      0      *:22 *:* users:(("${name}",pid=${pid},fd=5),("${name}",pid=777,fd=5))\n`;
  const holds = (name: string, pid: number, cgroup: string) => ({
    'bin/ss': `#!/bin/sh\ncat <<'X'\n${ss(name, pid)}X\n`,
    'bin/modprobe': '#!/bin/sh\n',
    [`proc/${pid}/comm`]: `${name}\n`,
    [`proc/${pid}/cgroup`]: `${cgroup}\n`,
  });

  it.each([
    {
      name: 'a service',
      cgroup: '0::/system.slice/relay.service',
      who: 'socat (pid 463) of relay.service',
      fix: 'systemctl stop relay.service; systemctl disable relay.service; systemctl reset-failed',
    },
    {
      name: 'a session',
      cgroup: '0::/user.slice/user-0.slice/session-4.scope',
      who: 'socat (pid 463) of session-4.scope',
      fix: 'kill 463; systemctl reset-failed',
    },
    {
      name: 'a container by cgroup v1',
      cgroup: '3:cpu:/\n1:name=systemd:/system.slice/docker-0a.scope',
      who: 'socat (pid 463) of docker-0a.scope',
      fix: 'kill 463; systemctl reset-failed',
    },
    {
      name: 'an odd name',
      cgroup: '0::/system.slice/a;id.service',
      who: 'socat (pid 463) of a;id.service',
      fix: 'kill 463; systemctl reset-failed',
    },
    {
      name: "a service of a user's manager, which may have the name of another",
      cgroup: '0::/user.slice/user-1000.slice/user@1000.service/app.slice/ssh.service',
      who: 'socat (pid 463) of user@1000.service',
      fix: 'kill 463; systemctl reset-failed',
    },
    {
      name: 'a service in a container',
      cgroup: '0::/machine.slice/machine-web.scope/payload/system.slice/ssh.service',
      who: 'socat (pid 463) of machine-web.scope',
      fix: 'kill 463; systemctl reset-failed',
    },
    {
      name: 'a group below a service',
      cgroup: '0::/system.slice/relay.service/ssh.service',
      who: 'socat (pid 463) of relay.service',
      fix: 'systemctl stop relay.service; systemctl disable relay.service; systemctl reset-failed',
    },
  ])('names who else listens on the port: $name', ({ cgroup, who, fix }) => {
    given(failed, holds('socat', 463, cgroup));
    const said = run('check_socket');
    expect(said).toContain(
      `failed   listening     ${who} listens on vsock port 22, so sshd-vsock.socket cannot: it is failed (resources)`,
    );
    expect(said).toContain(`fix      listening     ${fix} sshd-vsock.socket; systemctl`);
  });

  it.each(['a",pid=812,', '",pid=812,fd=5)'])('is not told by a program called %s who it is', (name) => {
    given(failed, { ...holds(name, 463, '0::/'), 'proc/812/cgroup': '0::/system.slice/ssh.service\n' });
    expect(run('check_socket')).not.toContain('ssh.service');
  });

  it('names another socket unit of systemd', () => {
    given(failed, {
      ...holds('systemd', 1, '0::/init.scope'),
      sockets:
        '/run/x  dbus.socket dbus.service\nvsock::2222  a.socket\nvsock::22  sshd-vsock.socket  -\nvsock::22  own.socket  own@0.service',
    });
    const said = run('check_socket');
    expect(said).toContain('own.socket listens on vsock port 22, so sshd-vsock.socket cannot');
    expect(said).toContain(
      'fix      listening     systemctl stop own.socket; systemctl disable own.socket; ',
    );
  });

  it('names it too if no unit has the port, and is content with an sshd behind it', () => {
    given({}, holds('socat', 463, '0::/system.slice/relay.service'));
    const at = (banner: string) =>
      run(`rm -f "$R/${unit}"; banner_here() { echo '${banner}'; }; check_socket`);
    expect(at('closed')).toMatch(
      /^failed +listening +socat \(pid 463\) of relay\.service listens on vsock port 22, and it is no sshd\nfix +listening +systemctl stop relay\.service; systemctl disable relay\.service; then what vmssh guest print prints\n$/,
    );
    expect(at('banner SSH-2.0-x')).toBe(
      'ok       listening     socat (pid 463) of relay.service listens on vsock port 22, and sshd answers\n',
    );
  });

  it('unloads the module by which ss knows', () => {
    given(failed, {
      ...holds('socat', 463, '0::/system.slice/relay.service'),
      'bin/modprobe': `#!/bin/sh
case $2 in -r) rmdir "${root}/sys/module/$3" ;; *) mkdir -p "${root}/sys/module/$2" && echo loaded >>${root}/calls ;; esac
`,
    });
    run('check_socket');
    expect(readFileSync(join(root, 'calls'), 'utf8')).toBe('loaded\n');
    expect(readdirSync(join(root, 'sys/module'))).toEqual([]);
  });
});
