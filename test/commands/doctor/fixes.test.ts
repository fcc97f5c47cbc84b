import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostChecks } from '../../../src/commands/doctor/checks.js';
import type { Facts } from '../../../src/commands/doctor/facts.js';
import { diagnose, type Signs } from '../../../src/guest/diagnose.js';
import { guestFailures } from '../../../src/guest/failures.js';
import { run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { good } from './facts.js';

/** Programs that a fix may run; each prints what it was given. */
const programs = 'apt-get ausearch chmod modprobe mv npm ssh-keygen sudo systemctl usermod vmssh wsl'.split(
  ' ',
);
const installAgain = 'npm run build';

const { config, ssh, devices } = good;
const missing = { missing: new Error('x') };
const warning = (provider: string) => ({
  providers: [provider],
  machines: { machines: [], warnings: [{ provider, code: 'EACCES', problem: 'no' }] },
});
const fresh = { on: true, came: 0, gone: 0, units: 'on' } as const;
const absent = { '/dev/vsock': 'absent', '/dev/vhost-vsock': 'absent', '/dev/kvm': 'closed' } as const;
const old = { version: 'OpenSSH_7.7p1', proxyCommand: "/x/vmssh proxy --typed '%n' '%h' %p" };

/** Each of a host's fixes once, and what is run if it is pasted; undefined: it says in words who has to do what. */
const ofHosts: readonly { facts: Partial<Facts>; name: string; runs: readonly string[] | undefined }[] = [
  {
    facts: { ssh: { version: undefined, proxyCommand: undefined } },
    name: 'ssh',
    runs: ['apt-get install openssh-client'],
  },
  { facts: { ssh: { ...ssh, version: 'OpenSSH_7.4p1' } }, name: 'ssh', runs: undefined },
  { facts: { addon: missing }, name: 'addon', runs: ['apt-get install g++', installAgain] },
  {
    facts: { devices: { ...devices, ...absent }, modules: [] },
    name: 'vsock',
    runs: ['sudo modprobe vsock'],
  },
  {
    facts: { devices: { ...devices, ...absent }, modules: [] },
    name: 'vhost_vsock',
    runs: ['sudo modprobe vhost_vsock'],
  },
  { facts: { devices: { ...devices, ...absent } }, name: 'kvm', runs: ['sudo usermod -aG kvm ann'] },
  {
    facts: warning('libvirt'),
    name: 'libvirt',
    runs: ['sudo apt-get install libvirt-clients', 'sudo usermod -aG libvirt ann'],
  },
  { facts: warning('machined'), name: 'machined', runs: ['systemctl status systemd-machined'] },
  {
    facts: { config: { ...config, pasted: true, owner: 'none', callsThis: false } },
    name: 'config',
    runs: ['vmssh config install'],
  },
  {
    facts: { config: { ...config, homes: { env: '/x', ssh: '/a b' } } },
    name: 'home',
    runs: ['vmssh config install'],
  },
  {
    facts: { config: { ...config, owner: 'edited' } },
    name: 'config',
    runs: ['mv -i /home/ann/.ssh/vmssh.conf /home/ann/.ssh/vmssh.conf.old', 'vmssh config install'],
  },
  { facts: { config: { ...config, include: 'late' } }, name: 'Include', runs: ['vmssh config install'] },
  { facts: { ssh: old }, name: 'ssh vsock/3', runs: ['vmssh config install'] },
  {
    facts: { ssh: { ...ssh, proxyCommand: 'other %h' } },
    name: 'ssh vsock/3',
    runs: ['vmssh config install'],
  },
  { facts: { ssh: { ...ssh, controlPath: '/x/%h' } }, name: 'ControlPath', runs: undefined },
  {
    facts: { exposed: [3, 4].map((cid) => ({ name: "it's", cid, answers: true })) },
    name: 'exposed',
    runs: ['vmssh guest off vsock/3'],
  },
  {
    facts: { openFolders: [{ folder: "/opt/it's", who: 'x' }] },
    name: 'PATH',
    runs: ["chmod go-w /opt/it's"],
  },
  { facts: { openFolders: [{ folder: 'bin', who: 'x' }] }, name: 'PATH', runs: undefined },
  {
    facts: { openPrograms: [{ path: '/opt/x y/vmssh', who: 'x' }] },
    name: 'program',
    runs: ['chmod go-w /opt/x y'],
  },
  { facts: { fresh: { ...fresh, on: false } }, name: 'fresh Hosts', runs: ['vmssh config install --fresh'] },
  {
    facts: { fresh: { ...fresh, units: 'failed' } },
    name: 'fresh Hosts',
    runs: ['systemctl --user status vmssh-hosts.service vmssh-hosts.path'],
  },
  {
    facts: { clients: ['VS Code'], config: { ...config, owner: 'none' } },
    name: 'VS Code',
    runs: ['vmssh config install'],
  },
];

const calm: Signs = { error: undefined, handshakeMs: 5, login: undefined, cidUsers: [] };
const login = { in: false, ms: 900, message: 'Permission denied (publickey).', user: 'root' };
const users = [1, 2].map((pid) => ({ pid, cid: 3, name: 'web' }));

const ofTargets: readonly Signs[] = [
  { ...calm, login },
  { ...calm, cidUsers: users },
  { ...calm, controlPath: '/x/%h' },
];

const ofGuests: Readonly<Record<string, readonly string[]>> = {
  'name-lookup': [],
  transport: ['modprobe vmw_vsock_virtio_transport'],
  systemd: ['wsl --shutdown'],
  'host-keys': [
    'chmod 600 /etc/ssh/ssh_host_ecdsa_key /etc/ssh/ssh_host_ed25519_key /etc/ssh/ssh_host_rsa_key',
    'ssh-keygen -A',
  ],
  // diagnose.ts fills in the port.
  'service-guid': ['vmssh service register PORT'],
  denied: ['ausearch -m AVC -c sshd'],
};

/** What of a fix is pasted: all of it, or what stands after a colon. */
function commandOf(fix: string): string | undefined {
  const rest = fix.includes(': ') ? fix.slice(fix.lastIndexOf(': ') + 2) : fix;
  const [first = ''] = rest.replace(/^HOME=\S+(?: b')? /, '').split(' ');
  return [...programs, 'echo'].includes(first) ? rest : undefined;
}

describe.skipIf(process.platform !== 'linux')('the fixes of the doctor', () => {
  const dir = useTempDir();
  const bin = join(dir, 'bin');
  const log = join(dir, 'log');
  mkdirSync(bin);
  // In place of this host's own, which may have no sshd.
  const [hostKeys, ownKeys] = ['/etc/ssh/ssh_host_', join(dir, 'ssh_host_')];
  for (const type of ['ecdsa', 'ed25519', 'rsa']) writeFileSync(`${ownKeys}${type}_key`, '');
  for (const name of programs) {
    writeFileSync(join(bin, name), `#!/bin/sh\necho ${name} "$@" >> '${log}'\n`);
    chmodSync(join(bin, name), 0o755);
  }

  async function check(fix: string | undefined, runs: readonly string[] | undefined) {
    expect(fix).toBeDefined();
    const command = commandOf(fix ?? '');
    if (runs === undefined) return expect(command).toBeUndefined();
    writeFileSync(log, '');
    const line = (command ?? 'false').replace('/etc/hosts', join(dir, 'hosts')).replaceAll(hostKeys, ownKeys);
    const { code, stderr } = await run(['/bin/sh', '-c', line], { env: { PATH: bin, USER: 'ann' } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const ran = readFileSync(log, 'utf8').replaceAll(ownKeys, hostKeys);
    expect(ran.split('\n').slice(0, -1)).toEqual(runs);
  }

  it.each(ofHosts)('of a host, $name: $runs', async ({ facts, name, runs }) => {
    const fix = hostChecks({ ...good, ...facts }).find((each) => each.name === name)?.fix;
    await check(fix, runs);
  });

  it.each(ofTargets)('of a target, %o: nothing to paste', async (signs) => {
    await check(diagnose(signs).findings[0]?.fix, undefined);
  });

  it.each(Object.entries(guestFailures))('of a guest, %s', async (name, { fix }) => {
    expect(fix).not.toMatch(/\b(?:NAME|FILE|HOST)\b/);
    await check(fix, ofGuests[name]);
  });
});
