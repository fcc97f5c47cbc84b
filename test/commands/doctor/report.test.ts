import { describe, expect, it } from 'vitest';
import { runDoctor } from '../../../src/commands/doctor/checks.js';
import { buildLines, type Facts } from '../../../src/commands/doctor/facts.js';
import { allowed } from '../../../src/commands/doctor/finding.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { run, vmssh } from '../../helpers/run.js';

/** Anything that a path, a tool's message or a setting may contain. */
const secrets = [
  ...[
    '/home/jdoe/.ssh',
    '/srv/acme/x.sock',
    'C:\\Users\\jdoe',
    'hunter2',
    'jdoe',
    'acme',
    'prod-db',
    '10.0.0.7',
  ],
  ...['fe80::1:2', '52:54:00:12:34:56', 'gate.acme.example', '11111111-2222-4333-8444-555555555555'],
];
const secret = secrets.join(' ');

const facts = (more: Partial<Facts> = {}): Facts => ({
  build: buildLines(`ID="acme-${secret}"\nPRETTY_NAME="${secret}"\n`, `6.1.0-acme ${secret}`),
  platform: 'linux',
  ...{ shellTrouble: undefined, container: undefined, windows: undefined },
  shell: 'posix',
  addon: { missing: new Error(`${secret}: no such file`) },
  ssh: {
    version: `OpenSSH_9.2p1 ${secret}`,
    proxyCommand: `sshpass -p hunter2 ssh ${secret}`,
    controlPath: { problem: secret, fix: secret },
    login: { user: secret, where: secret },
  },
  config: {
    ...{ path: secret, owner: 'foreign', mainPath: secret, isIncluded: false, isCurrent: false },
    ...{ pasted: false, elsewhere: { found: secret, fix: secret } },
  },
  devices: { '/dev/vsock': 'ok', '/dev/vhost-vsock': 'closed', '/dev/kvm': 'absent' },
  modules: [],
  windows: {
    ...{ hvsock: secret, rightsFix: 'join', services: 3 },
    rights: { elevated: false, hyperVAdministrator: false },
  },
  machines: {
    machines: [{ name: secret, target: secret, status: 'running', provider: 'lima', also: [secret] }],
    warnings: [
      { provider: 'libvirt', code: secret, problem: secret },
      { provider: 'incus', code: 'EACCES', problem: `${secret}: permission denied` },
    ],
  },
  exposed: [{ name: secret, cid: 41, answers: true }],
  sources: ['libvirt', 'incus', 'lima'],
  ...{ outside: { lines: [], problems: [] }, toAdd: [], home: [], clients: [] },
  ...more,
});

async function reportOf(found: Facts): Promise<string> {
  const io = fakeIo();
  await runDoctor('report', io, async () => found);
  return io.stdout.join('');
}

describe('a report for others to read', () => {
  const { config, ssh } = facts();
  const owners = ['none', 'ours', 'edited', 'foreign'] as const;
  const refusal = { path: secret, why: secret, hint: 'mv' };
  const variants = owners.flatMap((owner) =>
    [true, false].flatMap((flag) => [
      facts({ config: { ...config, owner, isIncluded: flag, isCurrent: flag, pasted: true } }),
      facts({ config: { ...config, owner, refusal: flag ? refusal : undefined, pasted: false } }),
    ]),
  );

  it.each([
    ...variants,
    facts({ ssh: { ...ssh, version: secret } }),
    facts({ ssh: { version: undefined, proxyCommand: undefined } }),
  ])('contains no text from outside: %#', async (found) => {
    const text = await reportOf(found);
    for (const each of secrets) expect(text).not.toContain(each);
    expect(text).toContain('| ✗ | incus | … (EACCES) |');
    expect(text).toContain('| ✗ | libvirt | … (another error) |');
    expect(text).toMatch(/^vmssh \S+ on Node \S+, another system, 6\.1\.0, \S+\ncommit \S+, Node \S+; unix/);
  });

  it('names a proxy program that is widely used', async () => {
    const proxyCommand = '/usr/lib/systemd/systemd-ssh-proxy %h %p';
    expect(await reportOf(facts({ ssh: { ...ssh, proxyCommand } }))).toContain(
      '| systemd-ssh-proxy serves vsock/* |',
    );
  });

  it('of this very host has no path of it', async () => {
    const { stdout } = await run([...vmssh, 'doctor', '--report']);
    expect(stdout).toMatch(/^vmssh \S+ on /);
    expect(stdout).not.toMatch(/\/(home|root|tmp|run|etc|usr)\b/);
  });
});

describe('what a report may have of a value', () => {
  it.each([
    { what: allowed.code, text: 'ECONNREFUSED', want: 'ECONNREFUSED' },
    { what: allowed.code, text: 'WSAEAFNOSUPPORT', want: 'WSAEAFNOSUPPORT' },
    { what: allowed.code, text: 'constructor', want: 'another error' },
    { what: allowed.code, text: 'io.acme.Secret', want: 'another error' },
    { what: allowed.kernel, text: '6.1.0-13-amd64', want: '6.1.0' },
    { what: allowed.kernel, text: '6.6.87.2-microsoft-standard-WSL2', want: '6.6.87.2 of WSL2' },
    { what: allowed.kernel, text: 'jdoe', want: 'another kernel' },
    { what: allowed.os, text: 'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="24.04"\n', want: 'ubuntu 24.04' },
    { what: allowed.os, text: 'ID=arch\nVERSION_ID=acme\n', want: 'arch' },
    { what: allowed.os, text: 'ID=acme\n', want: 'another system' },
    { what: allowed.os, text: 'Windows 11 Pro of ann', want: 'Windows 11 Pro' },
    { what: allowed.os, text: 'Windows Server 2022 Datacenter', want: 'Windows Server 2022 Datacenter' },
    ...['9.2p1 Debian-2+deb12u10', '9.6p1 Ubuntu-3ubuntu13.5', 'for_Windows_9.5p1'].map((version) => ({
      ...{ what: allowed.ssh, text: `OpenSSH_${version}, OpenSSL 3.0.19`, want: `OpenSSH_${version}` },
    })),
    { what: allowed.ssh, text: 'OpenSSH_10.0p2 acme', want: 'OpenSSH_10.0p2' },
    { what: allowed.ssh, text: '/home/ann/ssh', want: 'another ssh' },
  ])('$text: $want', ({ what, text, want }) => expect(what(text)).toBe(want));
});
