import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError, understand } from '../../../src/cli/command.js';
import { hostChecks, runDoctor } from '../../../src/commands/doctor/checks.js';
import type { ConfigFacts, SshFacts } from '../../../src/commands/doctor/config.js';
import { doctor } from '../../../src/commands/doctor/doctor.js';
import { type Facts, gatherFacts } from '../../../src/commands/doctor/facts.js';
import { maxGone } from '../../../src/hosts/hosts.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { good } from './facts.js';

const find = (facts: Facts, name: string) => hostChecks(facts).find((check) => check.name === name);

const dir = useTempDir();

describe('the doctor of this host', () => {
  it('finds nothing wrong if everything is there', () => {
    expect(hostChecks(good).map(({ name, state }) => `${state} ${name}`)).toEqual(
      [
        ...['ssh', 'addon', 'fd passing', 'vsock', 'vhost_vsock', 'kvm', 'libvirt'],
        ...['config', 'Include', 'ssh vsock/3', 'fresh Hosts'],
      ].map((name) => `ok ${name}`),
    );
  });

  const missing = { missing: new Error('no addon for this glibc') };
  const ssh = (more: Partial<SshFacts>) => ({ ssh: { ...good.ssh, ...more } });
  const config = (more: Partial<ConfigFacts>) => ({ config: { ...good.config, ...more } });
  const device = (path: keyof Facts['devices'], state: 'closed' | 'absent') => ({
    ...{ devices: { ...good.devices, [path]: state }, modules: state === 'absent' ? [] : good.modules },
  });
  const noSsh = { ssh: { version: undefined, proxyCommand: undefined } };
  const lost = { problem: '04-ipa.conf sets it', about: 'another sets it', fix: 'rename it' };
  const install = /^vmssh config install$/;
  const systemd = '/usr/lib/systemd/systemd-ssh-proxy %h %p';
  const { proxyCommand } = good.ssh;

  it.each<[check: string, facts: Partial<Facts>, says: RegExp, fix?: RegExp]>([
    ['bad ssh', noSsh, /no ssh/, /openssh-client/],
    [
      'bad ssh',
      ssh({ version: undefined, closed: { problem: 'you may not execute it', hint: 'see ls -l /x' } }),
      /^you may not execute it$/,
      /^see ls -l \/x$/,
    ],
    ['bad ssh', ssh({ version: 'OpenSSH_7.4p1' }), /7\.4/, /7\.6/],
    [
      'bad ssh',
      ssh({ version: 'OpenSSL version mismatch.', better: '/usr/bin/ssh' }),
      /mismatch/,
      /^put \/usr\/bin first/,
    ],
    ['bad ssh', ssh({ version: 'No user exists for uid 4242' }), /uid 4242/, /passwd/],
    ['ok ssh', ssh({ version: 'OpenSSH_for_Windows_10.0p2' }), /10\.0/],
    ['ok for all users', config({ forAll: 'ok' }), /every user's ssh has the lines/],
    ['bad for all users', config({ forAll: lost }), /^04-ipa\.conf sets it$/, /^rename it$/],
    ['bad ssh vsock/3', config({ lost }), /^04-ipa\.conf sets it$/, /^rename it$/],
    [
      'bad ssh-agent',
      ssh({ agent: { keys: [], problem: 'the ssh-agent at /a does not answer', fix: 'x', isSilent: true } }),
      /^the ssh-agent at \/a does not answer, and ssh waits for it$/,
      /^x$/,
    ],
    [
      'none ssh-agent',
      ssh({ agent: { keys: [], problem: 'the ssh-agent at /a is gone (ENOENT)', fix: 'x' } }),
      /\/a is gone/,
      /^x$/,
    ],
    ['ok ssh-agent', ssh({ agent: { keys: ['ssh-ed25519 AAAA'] } }), /^keys in it: 1$/],
    [
      'bad SHELL',
      {
        shellTrouble: {
          trouble: 'prints',
          problem: '~/.bashrc prints "hi"',
          about: 'it prints',
          fix: 'guard it',
        },
      },
      /~\/.bashrc prints "hi"/,
      /^guard it$/,
    ],
    ['bad addon', { addon: missing }, /no addon for this glibc/, /npm/],
    [
      'ok fd passing',
      {},
      /libssh and WezTerm before 2024-09 take none \(ssh2, net-ssh and paramiko get a relay\): .*--no-fdpass.*"ProxyUseFdpass no" and/,
    ],
    ['none fd passing', { addon: missing }, /relayed/],
    ['bad vsock', device('/dev/vsock', 'absent'), /no AF_VSOCK/, /modprobe vsock/],
    [
      'none vsock',
      { ...device('/dev/vsock', 'absent'), container: '/run/.containerenv' },
      /^\/dev\/vsock is not in this container \(\/run\/\.containerenv\)/,
    ],
    ['none vsock', { addon: missing }, /needs the addon/],
    [
      'none vhost_vsock',
      device('/dev/vhost-vsock', 'absent'),
      /^no \/dev\/vhost-vsock/,
      /modprobe vhost_vsock/,
    ],
    ['none vhost_vsock', device('/dev/vhost-vsock', 'closed'), /this user cannot use/],
    ['none kvm', device('/dev/kvm', 'closed'), /this user cannot use/, /usermod -aG kvm/],
    [
      'bad libvirt',
      { machines: { machines: [], warnings: [{ provider: 'libvirt', code: 'EACCES', problem: 'no' }] } },
      /^no \(EACCES\)$/,
      /libvirt/,
    ],
    [
      'bad config',
      { ...config({ owner: 'none' }), ...ssh({ proxyCommand: undefined }) },
      /not in your/,
      install,
    ],
    // As by 30-vmssh.conf of a package, which leaves vsock to systemd.
    [
      'none config',
      {
        ...config({ owner: 'none' }),
        ...ssh({ proxyCommand: undefined, proxyCommands: { 'vsock/*': undefined, 'qemu/*': proxyCommand } }),
      },
      /from another file/,
      install,
    ],
    ['none config', config({ owner: 'none' }), /from another file/, install],
    ['ok config', config({ owner: 'none', pasted: true }), /^\/home\/ann\/.ssh\/config has the lines$/],
    [
      'bad ssh vsock/3',
      { ...config({ elsewhere: { found: 'x', fix: 'y' } }), ...ssh({ proxyCommand: undefined }) },
      /no ProxyCommand/,
    ],
    ['bad home', config({ elsewhere: { found: 'HOME is x', fix: 'do y' } }), /^HOME is x$/, /^do y$/],
    ['bad config', config({ isCurrent: false }), /was written by another vmssh, or for another ssh/, install],
    [
      'bad config',
      config({ refusal: { path: '/s', why: 'it is not JSON', hint: 'mv' } }),
      /^"\/s": it is not JSON$/,
      /^mv$/,
    ],
    ['bad Include', config({ isIncluded: false }), /does not include it above the first Host/, install],
    [
      'bad ControlPath',
      ssh({ controlPath: { problem: "ssh's ControlPath is /x: no login works", fix: 'a shorter one' } }),
      /\/x: no login works/,
      /a shorter one/,
    ],
    [
      'none ssh vsock/3',
      ssh({ proxyCommand: systemd }),
      /^systemd-ssh-proxy serves vsock\/\*$/,
      /config install/,
    ],
    [
      'none ssh vsock/3',
      ssh({
        proxyCommand: systemd,
        proxyCommands: {
          ...{ '.host': systemd, 'wsl/*': proxyCommand, 'vsock/*': systemd },
          ...{ 'qemu/*': '/usr/libexec/libvirt-ssh-proxy %h %p', 'lima/*': 'nc x', 'incus/*': undefined },
        },
      }),
      /^systemd-ssh-proxy serves \.host, vsock\/\*; libvirt-ssh-proxy serves qemu\/\*; another program serves lima\/\*; no program serves incus\/\*$/,
      /config install/,
    ],
    [
      'none ssh vsock/3',
      ssh({ proxyCommands: { 'vsock/*': proxyCommand, 'qemu/*': 'libvirt-ssh-proxy %h' } }),
      /^libvirt-ssh-proxy serves qemu\/\*$/,
      /config install/,
    ],
    [
      'none host keys',
      config({ throwaway: ['vsock/*', 'vsock%*'] }),
      /^ssh takes any key of these, by --throwaway: vsock\/\* vsock%\*$/,
    ],
    [
      'bad known keys',
      config({ keys: { problem: '/h/k cannot be read: EINVAL: x', fix: 'mv' } }),
      /^\/h\/k cannot be read/,
      /^mv$/,
    ],
    ['none known keys', config({ displaced: ['~/k'] }), /^~\/k: a Host of yours names it/],
    [
      'ok host keys',
      { ...config({ asks: true }), ...ssh({ keyCommand: '/opt/vmssh host-key --typed=%n -- %I %H %t %K' }) },
      /ssh asks vmssh/,
    ],
    ['bad ssh vsock/3', ssh({ proxyCommand: undefined }), /no ProxyCommand/, install],
    [
      'bad ssh vsock/3',
      ssh({ proxyCommand: undefined, refusal: '/home/ann/.ssh/config: line 2: Bad configuration option: x' }),
      /^ssh accepts none of its configuration: \/home\S+ line 2: Bad configuration option: x$/,
      /^correct or remove line 2 of \/home\/ann\/\.ssh\/config$/,
    ],
    // config install would take its lines back.
    [
      'bad Include',
      { ...config({ isIncluded: false }), ...ssh({ refusal: '/home/ann/.ssh/config: line 2: x' }) },
      /does not include it/,
    ],
    [
      'bad Include',
      config({ isIncluded: false, byHand: 'Include x' }),
      /does not/,
      /this line.*: Include x$/,
    ],
    [
      'bad ssh vsock/3',
      ssh({ proxyCommand: undefined, refusal: 'No user exists for uid 54321' }),
      /^ssh accepts none of its configuration: No user exists for uid 54321$/,
      /^ssh runs for no user without an entry in \/etc\/passwd: add one$/,
    ],
    [
      'none names',
      config({ gone: ['mint', 'web', 'db', 'a', 'b'] }),
      /^off or gone, with their names kept: mint, web, db, a, and 1 more$/,
      /^vmssh forget --gone$/,
    ],
    [
      'none names',
      config({ gone: Array(maxGone).fill('mint') }),
      /996 more, as many as are kept: the first that went are no longer$/,
      /^vmssh forget --gone$/,
    ],
    [
      'none fresh Hosts',
      config({ fresh: undefined }),
      /^automatic Host updates: off$/,
      /^vmssh config install --fresh$/,
    ],
    ['ok fresh Hosts', config({ fresh: 'list' }), /^vmssh list and vmssh ssh write them$/],
    ['ok fresh Hosts', {}, /and systemd write them$/],
    [
      'none fresh Hosts',
      config({ fresh: 'idle units' }),
      /^only vmssh list/,
      /^vmssh config install --fresh$/,
    ],
    ['bad fresh Hosts', config({ fresh: 'failed units' }), /failed in systemd/, /^systemctl --user status/],
  ])('$0: $2', (check, facts, says, fix) => {
    const [state = '', name = ''] = check.split(/ (.*)/s);
    const found = find({ ...good, ...facts }, name);
    expect(found).toMatchObject({ state, found: expect.stringMatching(says) });
    if (fix) expect(found?.fix).toMatch(fix);
    else expect(found?.fix).toBeUndefined();
  });

  it('has one quiet row for the managers that are not open to this user', async () => {
    const io = fakeIo();
    const names = ['docker', 'incus'];
    const warnings = names.map((provider) => ({ provider, code: 'CLOSED', problem: `no ${provider}` }));
    const facts = { ...good, sources: [...names, 'podman'], machines: { machines: [], warnings } };
    expect(await runDoctor('all', io, async () => facts)).toBe(0);
    expect(io.stdout.join('')).toMatch(/^– not open to this user +docker, incus$/m);
    expect(io.stdout.join('')).not.toContain('fix:');
  });

  it('prints one row for each with -v, with its fix below', async () => {
    const io = fakeIo();
    const facts = { ...good, addon: missing };
    expect(await runDoctor('all', io, async () => facts)).toBe(1);
    expect(io.stdout.join('')).toContain(
      '✓ ssh          OpenSSH_9.2p1 Debian\n✗ addon        no addon for this glibc\n  fix: install vmssh again by npm',
    );
    expect(await runDoctor('all', fakeIo(), async () => good)).toBe(0);
  });

  it.each([
    { facts: {}, rows: ['✓ This host is ready. 1 machine (libvirt)'] },
    {
      facts: { machines: { machines: [], warnings: [] } },
      rows: ['✓ This host is ready. No machines yet'],
    },
    {
      facts: { addon: missing },
      rows: [
        '✗ addon: no addon for this glibc',
        expect.stringMatching(/^ {2}fix: install vmssh again/),
        '1 problem, 8 checks fine. All of them: vmssh doctor -v',
      ],
    },
  ])('says the answer first, and only what is wrong: $rows.0', async ({ facts, rows }) => {
    const io = fakeIo();
    const code = await runDoctor('problems', io, async () => ({ ...good, ...facts }));
    expect(io.stdout.join('').trimEnd().split('\n')).toEqual(rows);
    expect(code).toBe(rows.length > 1 ? 1 : 0);
  });

  it('shows a warning about one machine beside the count, and the provider as working', () => {
    const warning = { provider: 'docker', code: 'LINK', problem: 'container web: not followed' };
    const machines = { machines: [], warnings: [warning] };
    const row = hostChecks({ ...good, sources: ['docker'], machines }).find(({ name }) => name === 'docker');
    expect(row).toEqual({
      ...{ name: 'docker', state: 'none', report: '0 machines' },
      found: '0 machines; container web: not followed (LINK)',
    });
  });

  it('has one line for the sources without machines, and one each in JSON and in a report', async () => {
    const facts = { ...good, sources: ['hyper-v', 'libvirt', 'lima', 'podman'] };
    const io = fakeIo();
    await runDoctor('all', io, async () => facts);
    const rows = io.stdout.join('').split('\n');
    expect(rows.filter((row) => /machine/.test(row) && !/vhost|ready/.test(row))).toEqual([
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
      hostChecks(good).map(({ name, state, found, fix }) => ({ name, state: states[state], found, fix })),
    );
  });

  it('prints a report of what is found', async () => {
    const io = fakeIo();
    await runDoctor('report', io, async () => good);
    const text = io.stdout.join('');
    expect(text).toMatch(/^vmssh \S+ on Node \S+, debian 12, 6\.1, /);
    expect(text).toContain('| ✓ | ssh | OpenSSH_9.2p1 |');
    expect(text).toContain('| ✓ | libvirt | 1 machine |');
    expect(text).toContain('| ✓ | config | its file has the lines of this vmssh |');
  });

  it('looks at the real host', async () => {
    const facts = await gatherFacts(fakeIo({ env: { ...process.env, HOME: '/proc/none' } }));
    expect(facts.config).toMatchObject({ owner: 'none', pasted: false });
    expect(hostChecks(facts).length).toBeGreaterThan(8);
  });

  it('asks ssh whether it accepts its configuration', async () => {
    const gone = 'ERROR: ld.so: object "/gone.so" from LD_PRELOAD cannot be preloaded: ignored.';
    const refusing = `#!/bin/sh\nprintf '${gone}\\nOpenSSH_9.2\\r\\ndebug1: x\\r\\nBad owner\\r\\n' >&2; exit 255\n`;
    writeFileSync(join(dir, 'ssh'), refusing, { mode: 0o755 });
    const facts = await gatherFacts(fakeIo({ env: { ...process.env, PATH: `${dir}:${process.env.PATH}` } }));
    expect(facts.ssh).toMatchObject({ version: 'OpenSSH_9.2', refusal: 'Bad owner' });
  });

  it('says which command of a Match exec ssh waits for', async () => {
    const waiting = `#!/bin/sh\nprintf "debug1: Executing command: 'no-vpn %%h'\\r\\n" >&2; exit 255\n`;
    writeFileSync(join(dir, 'ssh'), waiting, { mode: 0o755 });
    const facts = await gatherFacts(fakeIo({ env: { ...process.env, PATH: `${dir}:${process.env.PATH}` } }));
    const row = hostChecks(facts).find(({ name }) => name === 'ssh vsock/3');
    expect(row).toMatchObject({
      found: 'ssh accepts none of its configuration: ssh waits for the command of a Match exec: no-vpn %h',
      fix: "in ssh's configuration write timeout 2 in front of that command",
    });
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
