import { describe, expect, it } from 'vitest';
import { UsageError, understand } from '../../../src/cli/command.js';
import { hostChecks } from '../../../src/commands/doctor/checks.js';
import { doctor } from '../../../src/commands/doctor/doctor.js';
import { runDoctor } from '../../../src/commands/doctor/doctor-host.js';
import { type Facts, gatherFacts } from '../../../src/commands/doctor/facts.js';
import { openers } from '../../../src/connect/borrow/openers.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { good } from './facts.js';

const find = (facts: Facts, name: string) => hostChecks(facts).find((check) => check.name === name);

describe('the doctor of this host', () => {
  it('finds nothing wrong if everything is there', () => {
    expect(hostChecks(good).map(({ name, state }) => `${state} ${name}`)).toEqual(
      [
        'ssh',
        'addon',
        'fd passing',
        'vsock',
        'vhost_vsock',
        'kvm',
        'libvirt',
        'config',
        'Include',
        'ssh vsock/3',
      ].map((name) => `ok ${name}`),
    );
  });

  const missing = { missing: new Error('no addon for this glibc') };
  const [, socat = expect.unreachable()] = openers;
  it.each<{ name: string; facts: Partial<Facts>; state: string; says: RegExp; fix?: RegExp }>([
    {
      name: 'ssh',
      facts: { ssh: { version: undefined, proxyCommand: undefined } },
      state: 'bad',
      says: /no ssh/,
      fix: /openssh-client/,
    },
    {
      name: 'ssh',
      facts: { ssh: { ...good.ssh, version: 'OpenSSH_7.4p1' } },
      state: 'bad',
      says: /7\.4/,
      fix: /7\.6/,
    },
    {
      name: 'ssh',
      facts: { ssh: { ...good.ssh, version: 'OpenSSH_for_Windows_10.0p2' } },
      state: 'ok',
      says: /10\.0/,
    },
    {
      name: 'SHELL',
      facts: { brokenShell: '/usr/sbin/nologin' },
      state: 'bad',
      says: /SHELL is \/usr\/sbin\/nologin, by which plain ssh cannot start vmssh/,
      fix: /^export SHELL=\/bin\/sh$/,
    },
    { name: 'addon', facts: { addon: missing }, state: 'bad', says: /no addon for this glibc/, fix: /npm/ },
    {
      name: 'fd passing',
      facts: {},
      state: 'ok',
      says: /libssh and WezTerm before 2024-09 take none \(ssh2, net-ssh and paramiko get a relay\): .*--no-fdpass.*"ProxyUseFdpass no" and/,
    },
    {
      name: 'fd passing',
      facts: { config: { ...good.config, passes: false } },
      state: 'none',
      says: /the Hosts relay: config install --fdpass/,
    },
    { name: 'fd passing', facts: { addon: missing }, state: 'none', says: /relayed/ },
    {
      name: 'vsock',
      facts: { devices: { ...good.devices, '/dev/vsock': 'absent' }, modules: [] },
      state: 'bad',
      says: /no AF_VSOCK/,
      fix: /modprobe vsock/,
    },
    {
      name: 'vsock',
      facts: { addon: missing },
      state: 'none',
      says: /python3 or socat/,
      fix: /^sudo apt-get install python3$/,
    },
    {
      name: 'addon',
      facts: { addon: missing, borrowed: { tool: socat, path: '/usr/bin/socat' } },
      state: 'none',
      says: /; socat is borrowed for vsock; /,
      fix: /apt-get install g\+\+/,
    },
    {
      name: 'vsock',
      facts: { addon: missing, borrowed: { tool: socat, path: '/usr/bin/socat' } },
      state: 'ok',
      says: /without the addon \/usr\/bin\/socat opens it/,
    },
    {
      name: 'vhost_vsock',
      facts: { devices: { ...good.devices, '/dev/vhost-vsock': 'absent' }, modules: [] },
      state: 'none',
      says: /not loaded/,
      fix: /modprobe vhost_vsock/,
    },
    {
      name: 'vhost_vsock',
      facts: { devices: { ...good.devices, '/dev/vhost-vsock': 'closed' } },
      state: 'none',
      says: /this user cannot use/,
    },
    {
      name: 'kvm',
      facts: { devices: { ...good.devices, '/dev/kvm': 'closed' } },
      state: 'none',
      says: /this user cannot use/,
      fix: /usermod -aG kvm/,
    },
    {
      name: 'libvirt',
      facts: {
        machines: { machines: [], warnings: [{ provider: 'libvirt', code: 'EACCES', problem: 'no' }] },
      },
      state: 'bad',
      says: /^no \(EACCES\)$/,
      fix: /libvirt/,
    },
    {
      name: 'config',
      facts: { config: { ...good.config, owner: 'none' }, ssh: { ...good.ssh, proxyCommand: undefined } },
      state: 'bad',
      says: /not in your/,
      fix: /^vmssh config install$/,
    },
    // As by 30-vmssh.conf of a package, which leaves vsock to systemd.
    {
      name: 'config',
      facts: {
        config: { ...good.config, owner: 'none' },
        ssh: {
          ...good.ssh,
          proxyCommand: undefined,
          proxyCommands: { 'vsock/*': undefined, 'qemu/*': good.ssh.proxyCommand },
        },
      },
      state: 'none',
      says: /from another file/,
      fix: /^vmssh config install$/,
    },
    {
      name: 'config',
      facts: { config: { ...good.config, owner: 'none' } },
      state: 'none',
      says: /from another file/,
      fix: /^vmssh config install$/,
    },
    {
      name: 'config',
      facts: { config: { ...good.config, owner: 'none', pasted: true } },
      state: 'ok',
      says: /^\/home\/ann\/.ssh\/config has the lines, and calls this vmssh$/,
    },
    {
      name: 'config',
      facts: { config: { ...good.config, owner: 'none', pasted: true, callsThis: false } },
      state: 'bad',
      says: /has the lines, and calls another vmssh/,
      fix: /^remove them there, then run: vmssh config install$/,
    },
    {
      name: 'Include',
      facts: { config: { ...good.config, owner: 'none', include: 'none', pasted: true } },
      state: 'none',
      says: /not needed/,
    },
    {
      name: 'ssh vsock/3',
      facts: {
        config: { ...good.config, homes: { env: '/tmp/x', ssh: '/home/ann' } },
        ssh: { ...good.ssh, proxyCommand: undefined },
      },
      state: 'bad',
      says: /no ProxyCommand/,
    },
    {
      name: 'home',
      facts: { config: { ...good.config, homes: { env: '/tmp/x', ssh: '/home/a b' } } },
      state: 'bad',
      says: /^HOME is \/tmp\/x, but ssh uses the home directory \/home\/a b$/,
      fix: /^HOME='\/home\/a b' vmssh config install$/,
    },
    {
      name: 'config',
      facts: { config: { ...good.config, owner: 'edited' } },
      state: 'bad',
      says: /not as vmssh wrote it/,
      fix: /^mv -i \/home\/ann\/.ssh\/vmssh.conf \S+\.old && vmssh config install$/,
    },
    {
      name: 'config',
      facts: { config: { ...good.config, callsThis: false } },
      state: 'bad',
      says: /another vmssh/,
      fix: /config install/,
    },
    {
      name: 'Include',
      facts: { config: { ...good.config, include: 'late' } },
      state: 'bad',
      says: /below a Host/,
      fix: /config install/,
    },
    {
      name: 'Include',
      facts: { config: { ...good.config, include: 'none' } },
      state: 'bad',
      says: /does not include/,
      fix: /config install/,
    },
    {
      name: 'ControlPath',
      facts: { ssh: { ...good.ssh, controlPath: '/home/ann/.ssh/root@vsock/3:22' } },
      state: 'bad',
      says: /root@vsock\/3:22: .* no login works/,
      fix: /%C instead of %h/,
    },
    {
      name: 'ssh vsock/3',
      facts: { ssh: { ...good.ssh, proxyCommand: '/usr/lib/systemd/systemd-ssh-proxy %h %p' } },
      state: 'none',
      says: /^systemd-ssh-proxy serves vsock\/\*: \/usr\/lib\/systemd\/systemd-ssh-proxy %h %p$/,
      fix: /config install/,
    },
    {
      name: 'ssh vsock/3',
      facts: {
        ssh: {
          ...good.ssh,
          proxyCommand: '/usr/lib/systemd/systemd-ssh-proxy %h %p',
          proxyCommands: {
            '.host': '/usr/lib/systemd/systemd-ssh-proxy %h %p',
            'wsl/*': good.ssh.proxyCommand,
            'vsock/*': '/usr/lib/systemd/systemd-ssh-proxy %h %p',
            'qemu/*': '/usr/libexec/libvirt-ssh-proxy %h %p',
            'lima/*': 'nc x',
            'incus/*': undefined,
          },
        },
      },
      state: 'none',
      says: /^systemd-ssh-proxy serves \.host, vsock\/\*; libvirt-ssh-proxy serves qemu\/\*; another program serves lima\/\*; no program serves incus\/\*; vmssh serves the others: /,
      fix: /config install/,
    },
    {
      name: 'ssh vsock/3',
      facts: {
        ssh: {
          ...good.ssh,
          proxyCommands: { 'vsock/*': good.ssh.proxyCommand, 'qemu/*': 'libvirt-ssh-proxy %h' },
        },
      },
      state: 'none',
      says: /^libvirt-ssh-proxy serves qemu\/\*; vmssh serves the others$/,
      fix: /config install/,
    },
    {
      name: 'ssh vsock/3',
      facts: {
        ssh: {
          version: 'OpenSSH_for_Windows_7.7p1, LibreSSL 2.6.5',
          proxyCommand: '"C:/vmssh.exe" proxy --typed "%n" "%h" %p',
        },
      },
      state: 'bad',
      says: /older than 8\.1/,
      fix: /config install/,
    },
    {
      name: 'config',
      facts: { config: { ...good.config, typed: false } },
      state: 'bad',
      says: /vmssh\.conf was written for an ssh before 8\.1, .* this ssh is newer/,
      fix: /^vmssh config install$/,
    },
    {
      name: 'config',
      facts: { config: { ...good.config, typed: true }, ssh: { ...good.ssh, version: 'OpenSSH_8.0p1' } },
      state: 'bad',
      says: /vmssh\.conf was written for ssh 8\.1 or later; this ssh is older/,
      fix: /^vmssh config install$/,
    },
    {
      name: 'config',
      facts: { config: { ...good.config, weakCrypto: true } },
      state: 'bad',
      says: /vmssh\.conf was written for ssh 10\.1 or later; this ssh is older and ends at the WarnWeakCrypto/,
      fix: /^vmssh config install$/,
    },
    {
      name: 'config',
      facts: {
        config: { ...good.config, weakCrypto: true },
        ssh: { ...good.ssh, version: 'OpenSSH_10.2p1', versions: { '/usr/bin/ssh': 'OpenSSH_9.2p1' } },
      },
      state: 'bad',
      says: /10\.1 or later; \/usr\/bin\/ssh is older and ends at the WarnWeakCrypto/,
      fix: /^vmssh config install$/,
    },
    {
      name: 'config',
      facts: {
        config: { ...good.config, weakCrypto: true },
        ssh: { ...good.ssh, version: 'OpenSSH_10.6p1 Debian-1' },
      },
      state: 'ok',
      says: /calls this vmssh/,
    },
    {
      name: 'config',
      facts: { config: { ...good.config, typed: false }, ssh: { ...good.ssh, version: 'OpenSSH_8.0p1' } },
      state: 'ok',
      says: /calls this vmssh/,
    },
    {
      name: 'config',
      facts: { config: { ...good.config, asks: 'yes' }, ssh: { ...good.ssh, version: 'OpenSSH_8.4p1' } },
      state: 'bad',
      says: /vmssh\.conf was written for ssh 8\.5 or later; this ssh is older and ends at the KnownHostsCommand/,
      fix: /^vmssh config install$/,
    },
    {
      name: 'host keys',
      facts: { config: { ...good.config, asks: 'could' } },
      state: 'bad',
      says: /lines are of an older vmssh/,
      fix: /^vmssh config install$/,
    },
    {
      name: 'host keys',
      facts: {
        config: { ...good.config, asks: 'yes' },
        ssh: { ...good.ssh, keyCommand: '/opt/vmssh host-key --typed=%n -- %I %H %t %K' },
      },
      state: 'ok',
      says: /ssh asks vmssh/,
    },
    {
      name: 'host keys',
      facts: {
        config: { ...good.config, asks: 'yes' },
        ssh: { ...good.ssh, keyCommand: '/usr/bin/sss_ssh_knownhosts %H' },
      },
      state: 'bad',
      says: /another KnownHostsCommand, which stands above ours.*sss_ssh_knownhosts/,
      fix: /config install/,
    },
    {
      name: 'ssh vsock/3',
      facts: { ssh: { ...good.ssh, proxyCommand: undefined } },
      state: 'bad',
      says: /no ProxyCommand/,
      fix: /config install/,
    },
  ])('$name: $says', ({ name, facts, state, says, fix }) => {
    const check = find({ ...good, ...facts }, name);
    expect(check).toMatchObject({ state, found: expect.stringMatching(says) });
    if (fix) expect(check?.fix).toMatch(fix);
    else expect(check?.fix).toBeUndefined();
  });

  it('has one quiet row for the managers that are not open to this user', async () => {
    const io = fakeIo();
    const names = ['docker', 'incus'];
    const warnings = names.map((provider) => ({ provider, code: 'CLOSED', problem: `no ${provider}` }));
    const facts = { ...good, providers: [...names, 'podman'], machines: { machines: [], warnings } };
    expect(await runDoctor('checks', io, async () => facts)).toBe(0);
    expect(io.stdout.join('')).toMatch(/^– not open to this user +docker, incus$/m);
    expect(io.stdout.join('')).not.toContain('fix:');
  });

  it('prints one line for each, with its fix', async () => {
    const io = fakeIo();
    const facts = { ...good, addon: missing };
    expect(await runDoctor('checks', io, async () => facts)).toBe(1);
    expect(io.stdout.join('')).toContain(
      '✓ ssh          OpenSSH_9.2p1 Debian\n✗ addon        no addon for this glibc\n',
    );
    expect(io.stdout.join('')).toMatch(/^ {15}fix: install vmssh again by npm/m);
    expect(await runDoctor('checks', fakeIo(), async () => good)).toBe(0);
  });

  it.each([
    { facts: {}, verdict: 'Nothing is wrong on this host.' },
    { facts: { addon: missing }, verdict: '1 thing is wrong on this host: addon.' },
    {
      facts: { addon: missing, ssh: { version: undefined, proxyCommand: undefined } },
      verdict: '2 things are wrong on this host: ssh, addon.',
    },
  ])('starts with a verdict: $verdict', async ({ facts, verdict }) => {
    const io = fakeIo();
    await runDoctor('checks', io, async () => ({ ...good, ...facts }));
    expect(io.stdout.join('').split('\n').slice(0, 2)).toEqual([verdict, '']);
  });

  it('shows a warning about one machine beside the count, and the provider as working', () => {
    const warning = { provider: 'docker', code: 'LINK', problem: 'container web: not followed' };
    const machines = { machines: [], warnings: [warning] };
    const row = hostChecks({ ...good, providers: ['docker'], machines }).find(
      ({ name }) => name === 'docker',
    );
    expect(row).toEqual({
      ...{ name: 'docker', state: 'none', report: '0 machines' },
      found: '0 machines; container web: not followed (LINK)',
    });
  });

  it('has one line for the providers without machines, and one each in JSON and in a report', async () => {
    const facts = { ...good, providers: ['hyper-v', 'libvirt', 'lima', 'podman'] };
    const io = fakeIo();
    await runDoctor('checks', io, async () => facts);
    const rows = io.stdout.join('').split('\n');
    expect(rows.filter((row) => /machine/.test(row) && !row.includes('vhost'))).toEqual([
      '– no machines  hyper-v, lima, podman',
      '✓ libvirt      1 machine',
    ]);
    await runDoctor('json', io, async () => facts);
    await runDoctor('report', io, async () => facts);
    for (const text of ['"name": "lima"', '"name": "podman"', '| – | lima | 0 machines |'])
      expect(io.stdout.join('')).toContain(text);
  });

  it('prints JSON', async () => {
    const io = fakeIo();
    await runDoctor('json', io, async () => good);
    const { ok, checks } = JSON.parse(io.stdout.join(''));
    expect(ok).toBe(true);
    const states = { ok: 'ok', bad: 'failed', none: 'skipped' };
    expect(checks).toEqual(
      hostChecks(good).map(({ name, state, found, fix }) => ({
        name,
        state: states[state],
        found,
        fix,
      })),
    );
  });

  it('prints a report of what is found', async () => {
    const io = fakeIo();
    await runDoctor('report', io, async () => good);
    const text = io.stdout.join('');
    expect(text).toContain('vmssh 1.2.3 on Node v20, debian 12, 6.1, x64');
    expect(text).toContain('| ✓ | ssh | OpenSSH_9.2p1 |');
    expect(text).toContain('| ✓ | libvirt | 1 machine |');
    expect(text).toContain('| ✓ | config | its file calls this vmssh |');
  });

  it('looks at the real host', async () => {
    const facts = await gatherFacts(fakeIo({ env: { ...process.env, HOME: '/nonexistent' } }));
    expect(facts.config).toMatchObject({ owner: 'none', include: 'none' });
    expect(hostChecks(facts).length).toBeGreaterThan(8);
  });

  it.each([
    {
      positionals: ['vsock/3'],
      options: {},
      says: 'doctor checks this host and takes no target',
      hint: 'vmssh check vsock/3',
    },
    {
      positionals: [],
      options: { report: true, json: true },
      says: '--report and --json cannot be used together',
      hint: undefined,
    },
  ] as const)('refuses: $says', ({ positionals, options, says, hint }) => {
    expect(() => understand(doctor, { positionals, options }, fakeIo())).toThrow(new UsageError(says, hint));
  });
});
