import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import answer from '../../../../src/guest/sh/check/answer.sh';
import socket from '../../../../src/guest/sh/check/socket.sh';
import system from '../../../../src/guest/sh/check/system.sh';
import facts from '../../../../src/guest/sh/parts/facts.sh';
import report from '../../../../src/guest/sh/parts/report.sh';
import vsock from '../../../../src/guest/sh/parts/vsock.sh';
import { firstShell } from '../../../helpers/shells.js';
import { eachRow } from '../../../helpers/tables/rows.js';
import { writeTree } from '../../../helpers/temp-dir.js';
import { root, runThere, useRoot } from '../guest.js';

useRoot();

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

describe.each(firstShell)('$name: the socket unit', ({ command }) => {
  const fakes = 'banner_here() { echo closed; }\nown_cid() { echo 3; }';
  const parts = `${report}${facts}${vsock}${system}${socket}${answer}\nport=22\n${fakes}`;
  const run = (script: string) => runThere(command, `${parts}\n${script}`);
  /** Writes the file of the printed fix, and runs nothing else of it. */
  const repair = (said: string) => {
    const [, fix = 'false'] = /^fix +\S+ +(.*?) && systemctl/m.exec(said) ?? [];
    execFileSync('sh', ['-c', fix.replaceAll('/etc/', `${root}/etc/`)]);
  };

  eachRow({
    '50-own.conf': { folder: dropIns, fixed: 'zz-vmssh-accept.conf' },
    'zzz.conf': { folder: dropIns, fixed: 'zzz_vmssh.conf' },
    '~last.conf': { folder: dropIns, fixed: '~last_vmssh.conf' },
    'all.conf': { folder: 'etc/systemd/system/socket.d', fixed: 'zz-vmssh-accept.conf' },
    'some.conf': { folder: 'etc/systemd/system/sshd-.socket.d', fixed: 'zz-vmssh-accept.conf' },
  })('2: names the drop-in $folder/$name that says no, and wins over it', ({ name, folder, fixed }) => {
    given(
      { Accept: 'no' },
      {
        [`${folder}/${name}`]: '[Socket]\n Accept = false\n',
        [`${folder}/00.conf`]: '[Socket]\nBacklog=9\n',
      },
    );
    const said = run('check_socket');
    expect(said).toContain(
      `failed   accept        /${folder}/${name}, line 2, has Accept = false: connections`,
    );
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
      /^hint +accept +take Accept=no out of \/run\/.*\/zzz;id\.conf, and run: systemctl daemon-reload && /m,
    );
  });

  it('2: names the unit, if nothing says no', () => {
    given({ Accept: 'no' }, { [unit]: '[Socket]\nListenStream=vsock::22\n' });
    expect(run('check_socket')).toContain(`/${unit} has no Accept=yes: connections`);
  });

  it('2: names the drop-in that allows no connection', () => {
    given({ MaxConnections: '0' }, { [`${dropIns}/max.conf`]: '[Socket]\nMaxConnections=0\n' });
    const said = run('check_socket');
    expect(said).toContain(
      `/${dropIns}/max.conf, line 2, has MaxConnections=0: each connection is closed at once`,
    );
    expect(said).toMatch(/'\[Socket\]' 'MaxConnections=64' > \/etc\/.*\/zz-vmssh-maxconnections\.conf && /);
  });

  it('names a limit of connections that is reached', () => {
    given({ MaxConnections: '64', NConnections: '64' });
    const said = run('check_socket');
    expect(said).toContain(
      `/${unit} has no MaxConnections=256: all 64 are in use, and each new connection is`,
    );
    expect(said).toMatch(/'MaxConnections=256' > /);
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
      /^failed +banner .*\n(fix .*\n)?hint +banner .*see also \/etc\/systemd\/system\/sshd-vsock@\.service\.d\/own\.conf\n$/,
    );
  });

  const at22 = 'ListenStream=vsock::22';
  eachRow({
    'another port': {
      socket: 'ListenStream=vsock::2222',
      says: 'vsock::2222, not vsock port 22; -p names another',
    },
    'loopback alone': { socket: 'ListenStream=vsock:1:22', says: 'vsock:1:22, which is loopback alone' },
    "another machine's CID": {
      socket: 'ListenStream=vsock:7:22',
      says: "vsock:7:22, and this machine's CID is 3",
    },
    'its own CID': { socket: 'ListenStream=vsock:0x3:22' },
    'two ports': { socket: `ListenStream=vsock::2222\n${at22}` },
    'none any more': { socket: `${at22}\nListenStream=`, says: 'has no ListenStream=', fix: '' },
    'a path too': {
      socket: 'ListenStream=vsock:1:22\nListenStream=/run/x',
      says: 'vsock:1:22',
      fix: "'ListenStream=/run/x' ",
    },
  })('goes by the port and the CID, not by the name of the socket: $name', ({ socket, says, fix = '' }) => {
    given({}, { [unit]: `[Socket]\n${socket}\nAccept=yes\n` });
    const said = run('check_socket');
    if (says === undefined) return expect(said).not.toContain('failed');
    expect(said).toMatch(/^failed +listening +sshd-vsock\.socket does not listen for the host: /);
    expect(said).toContain(says);
    expect(said).toContain(`${fix}'ListenStream=vsock::22' > `);
    repair(said);
    expect(run('check_socket')).not.toContain('failed');
  });

  const wanted = { StandardInput: 'socket', StandardOutput: 'socket', User: 'root', Type: 'simple' };
  it.each([
    ['StandardInput', 'null', 'StandardInput=null\n', ', line 2, has StandardInput=null: sshd'],
    ['StandardInput', 'null', '', ' has no StandardInput=socket: sshd does not get'],
    ['StandardOutput', 'journal', 'StandardOutput=journal\n', 'cannot answer'],
    ['User', 'nobody', '\nUser=nobody\n', 'own.conf, line 3, has User=nobody: only root'],
    ['Type', 'notify', 'Type=notify\n', 'has Type=notify: systemd'],
  ] as const)(
    'names what the template sets that sshd cannot use: %s=%s by %j, %s',
    (name, value, text, says) => {
      given({ [name]: value }, { 'etc/systemd/system/sshd-vsock@.service.d/own.conf': `[Service]\n${text}` });
      const said = run('check_socket');
      expect(said).toMatch(/^failed +accept /m);
      expect(said).toContain(says);
      expect(said).toContain(
        `'[Service]' '${name}=${wanted[name]}' > /etc/systemd/system/sshd-vsock@.service.d/zz-vmssh-`,
      );
    },
  );

  it('8: names a template that is masked', () => {
    given({}, { 'etc/systemd/system/sshd-vsock@.service': '' });
    const said = run('ln -sf /dev/null "$R/etc/systemd/system/sshd-vsock@.service"; check_socket');
    expect(said).toMatch(
      /^failed +masked +sshd-vsock@\.service is masked: .*\nfix +masked +systemctl unmask sshd-vsock@\.service && /m,
    );
  });

  const failed = { ActiveState: 'failed', Result: 'resources' };
  /** Recorded from Debian 13. */
  const ss = (name: string, ...pids: number[]) =>
    `v_str LISTEN 0      0      *:222 *:* users:(("x",pid=9,fd=5))\nv_str LISTEN 0      0      *:22 *:* users:(${pids.map((pid) => `("${name}",pid=${pid},fd=5)`).join(',')})\n`;
  const holds = (name: string, pid: number, cgroup: string, ...pids: number[]) => ({
    'bin/ss': `#!/bin/sh\ncat <<'X'\n${ss(name, pid, ...pids)}X\n`,
    'bin/modprobe': '#!/bin/sh\n',
    [`proc/${pid}/comm`]: `${name}\n`,
    [`proc/${pid}/cmdline`]: `${name}\0VSOCK-LISTEN:22\0\x1b]0;\0`,
    [`proc/${pid}/cgroup`]: `${cgroup}\n`,
    'sys/fs/cgroup/system.slice/relay.service/cgroup.procs': `${pid}\n`,
    'sys/fs/cgroup/systemd/system.slice/old.service/cgroup.procs': `${pid}\n`,
    'sys/fs/cgroup/system.slice/ssh.service/cgroup.procs': `${pid}\n`,
    'sys/fs/cgroup/system.slice/needed.service/cgroup.procs': `${pid}\n`,
    'sys/fs/cgroup/system.slice/front.service/cgroup.procs': `${pid}\n`,
    'sys/fs/cgroup/system.slice/many.service/cgroup.procs': `${pid}\n812\n`,
    'sys/fs/cgroup/system.slice/below.service/cgroup.procs': `${pid}\n`,
    'sys/fs/cgroup/system.slice/below.service/a/cgroup.procs': '812\n',
    'sys/fs/cgroup/system.slice/forks.service/cgroup.procs': `${pid}\n813\n814\n`,
    'proc/813/status': `Name:\tsocat\nPPid:\t${pid}\n`,
    'proc/814/status': 'Name:\tcat\nPPid:\t813\n',
  });
  const execStart = (argv: string) =>
    `{ path=${argv.split(' ')[0]} ; argv[]=${argv} ; ignore_errors=no ; pid=0 }`;
  const again = 'systemctl reset-failed sshd-vsock.socket; systemctl restart sshd-vsock.socket';
  const kill = `kill 5000463; sleep 1; ${again}`;
  const stop = (unit: string) => `systemctl stop ${unit}; systemctl disable ${unit}; ${again}`;

  eachRow({
    'a service': {
      cgroup: '0::/system.slice/relay.service',
      unit: 'relay.service',
      fix: stop('relay.service'),
    },
    'a service by cgroup v1': {
      cgroup: '3:cpu:/\n1:name=systemd:/system.slice/old.service',
      unit: 'old.service',
      fix: stop('old.service'),
    },
    'a session': { cgroup: '0::/user.slice/user-0.slice/session-4.scope', unit: 'session-4.scope' },
    'a container by cgroup v1': {
      cgroup: '3:cpu:/\n1:name=systemd:/system.slice/docker-0a.scope',
      unit: 'docker-0a.scope',
    },
    'an odd name': { cgroup: '0::/system.slice/a;id.service', unit: 'a;id.service' },
    "a service of a user's manager, which may have the name of another": {
      cgroup: '0::/user.slice/user-1000.slice/user@1000.service/app.slice/ssh.service',
      unit: 'user@1000.service',
    },
    'a service in a container': {
      cgroup: '0::/machine.slice/machine-web.scope/payload/system.slice/ssh.service',
      unit: 'machine-web.scope',
    },
    'a group below a service': {
      cgroup: '0::/system.slice/relay.service/ssh.service',
      unit: 'relay.service',
    },
    "sshd's own service, of a session without a scope": { unit: 'ssh.service' },
    'an sshd of another name': { unit: 'front.service' },
    'a service that others need': { unit: 'needed.service' },
    'a service with what it started for a connection': { unit: 'forks.service', fix: stop('forks.service') },
    'a service with another process': { unit: 'many.service' },
    'a service with another process in a group below': { unit: 'below.service' },
    'a service whose processes are not known': { unit: 'unreadable.service' },
    'two processes': {
      unit: 'relay.service',
      pids: [5000777],
      fix: `kill 5000463 5000777; sleep 1; ${again}`,
    },
  })(
    'names who else listens on the port, and ends nothing else: $name',
    ({ unit, cgroup = `0::/system.slice/${unit}`, pids = [], fix = kill }) => {
      const shows = {
        'front.service -p ExecStart': execStart('/usr/local/sbin/sshd -D'),
        'needed.service -p RequiredBy,BoundBy,ConsistsOf': 'ssh.service',
      };
      given({ ...failed, ...shows }, holds('socat', 5000463, cgroup, ...pids));
      const said = run('check_socket');
      expect(said).toContain(
        `failed   listening     socat (pid 5000463) of ${unit}, socat VSOCK-LISTEN:22 _]0;, listens on vsock port 22, so sshd-vsock.socket is failed (resources)\n`,
      );
      expect(said).toContain(`fix      listening     ${fix}\n`);
    },
  );

  it.each([
    { name: 'sshd', pid: 5000463 },
    { name: 'sshd-session', pid: 5000463 },
    { name: 'socat', pid: process.pid },
    { name: 'socat', pid: 5000463, own: { 'proc/self/cgroup': '0::/system.slice/relay.service\n' } },
  ])('ends nothing by which somebody may have logged in: $name (pid $pid)', ({ name, pid, own }) => {
    given(
      { ...failed, MainPID: '5000463' },
      { ...holds(name, pid, '0::/system.slice/relay.service'), ...own },
    );
    const said = run('check_socket');
    expect(said).toMatch(/^hint +listening +it may be your way in: /m);
    expect(said).not.toMatch(/^fix/m);
  });

  it.each(['a",pid=812,', '",pid=812,fd=5)', '",pid=812,fd=5),('])(
    'is not told by a program called %s who it is',
    (name) => {
      given(failed, { ...holds(name, 5000463, '0::/'), 'proc/812/cgroup': '0::/system.slice/ssh.service\n' });
      expect(run('check_socket')).not.toMatch(/ssh\.service|812/);
    },
  );

  it.each([
    {
      name: 'own.socket',
      file: 'ListenStream=vsock::22',
      fix: `fix      listening     ${stop('own.socket')}\n`,
    },
    {
      name: 'own.socket',
      file: 'ListenStream=[::]:22\nListenStream=vsock:3:22\nListenStream=/run/own',
      fix: `fix      listening     mkdir -p /etc/systemd/system/own.socket.d && printf '%s\\n' '[Socket]' 'ListenStream=' 'ListenStream=[::]:22' 'ListenStream=/run/own' > /etc/systemd/system/own.socket.d/zz-vmssh-listen.conf && systemctl daemon-reload\nhint     listening     it takes effect at the next boot: own.socket may be your way in, so do not stop it\n`,
    },
    {
      name: 'ssh.socket',
      file: 'ListenStream=vsock::22',
      fix: `fix      listening     mkdir -p /etc/systemd/system/ssh.socket.d && printf '%s\\n' '[Socket]' 'ListenStream=' > /`,
    },
    {
      name: 'a;id.socket',
      file: '',
      fix: 'hint     listening     stop that socket unit, if it is not your way in\n',
    },
  ])(
    'names another socket unit of systemd, and stops none that has other addresses: $name, $file',
    ({ name, file, fix }) => {
      given(failed, {
        ...holds('systemd', 1, '0::/init.scope', 812),
        [`etc/systemd/system/${name}`]: `[Socket]\n${file}\n`,
        sockets: `/run/x  dbus.socket dbus.service\nvsock::2222  a.socket\nvsock::22  sshd-vsock.socket  -\nvsock::22  ${name}  own@0.service`,
      });
      const said = run('check_socket');
      expect(said).toContain(`${name} listens on vsock port 22, so sshd-vsock.socket is failed`);
      expect(said).toContain(fix);
      expect(said).not.toContain('kill');
    },
  );

  it('names it too if no unit has the port, and is content with an sshd behind it', () => {
    given({}, holds('socat', 5000463, '0::/system.slice/relay.service'));
    const at = (banner: string) =>
      run(`rm -f "$R/${unit}"; banner_here() { echo '${banner}'; }; check_socket`);
    expect(at('closed')).toMatch(
      /^failed +listening +socat \(pid 5000463\) of relay\.service, .* listens on vsock port 22, and it is no sshd\nfix +listening +systemctl stop relay\.service; systemctl disable relay\.service\nhint +listening +then, on the host: vmssh guest install\n$/,
    );
    expect(at('no-client')).toMatch(/^failed .*\nhint +listening +whether it is an sshd shows on the host/);
    expect(at('banner SSH-2.0-x')).toMatch(
      /^ok +listening +socat \(pid 5000463\) of relay\.service, .* listens on vsock port 22, and sshd answers\n$/,
    );
  });

  it.each<{ name: string; shows: Record<string, string>; says: RegExp }>([
    { name: 'a wrong Accept=', shows: { Accept: 'no' }, says: /ssh\.socket, which has other addresses too/ },
    { name: 'no template', shows: {}, says: /ssh\.socket needs a template|fix +accept +ln -s/ },
    { name: 'a limit of 0', shows: { MaxConnections: '0' }, says: /MaxConnections=64/ },
  ])("neither stops nor restarts sshd's own socket for $name", ({ shows, says }) => {
    given(shows, { 'etc/systemd/system/ssh.socket': '[Socket]\nListenStream=22\nListenStream=vsock::22\n' });
    const said = run(`rm "$R/${unit}"; check_socket`);
    expect(said).toMatch(says);
    expect(said).not.toMatch(/systemctl (stop|restart|disable)/);
  });

  it('is content with an sshd that a socket without Accept=yes starts', () => {
    given(
      { Accept: 'no' },
      { 'etc/systemd/system/ssh.socket': '[Socket]\nListenStream=22\nListenStream=vsock::22\n' },
    );
    expect(run(`rm "$R/${unit}"; banner_here() { echo 'banner x'; }; check_socket`)).not.toContain('failed');
  });

  it('knows nothing of who listens without ss, and quotes no word of success', () => {
    given(failed, { 'bin/journalctl': "#!/bin/sh\necho 'Listening on sshd-vsock.socket.'\n" });
    const said = run('command() { case $2 in ss) return 1 ;; *) return 0 ;; esac; }; check_socket');
    expect(said).toMatch(
      /is failed \(resources\): something else may listen on vsock port 22\nfix .*\nhint .*ss shows who listens\n/,
    );
  });

  it('unloads the module by which ss knows', () => {
    given(failed, {
      ...holds('socat', 5000463, '0::/system.slice/relay.service'),
      'bin/modprobe': `#!/bin/sh
case $2 in -r) rmdir "${root}/sys/module/$3" ;; *) mkdir -p "${root}/sys/module/$2" && echo loaded >>${root}/calls ;; esac
`,
    });
    run('check_socket');
    expect(readFileSync(join(root, 'calls'), 'utf8')).toBe('loaded\n');
    expect(readdirSync(join(root, 'sys/module'))).toEqual([]);
  });
});
