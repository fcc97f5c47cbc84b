import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diagnose, type Signs } from '../../../src/commands/check/outcome.js';
import { hostChecks } from '../../../src/commands/doctor/checks.js';
import type { ConfigFacts } from '../../../src/commands/doctor/config.js';
import type { Facts } from '../../../src/commands/doctor/facts.js';
import { guestFailures } from '../../../src/guest/failures.js';
import { controlPathFix } from '../../../src/ssh/control-path.js';
import { run } from '../../helpers/run.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { good } from './facts.js';

/** Programs that a fix may run; each prints what it was given. */
const programs = 'apt-get ausearch chmod modprobe mv npm ssh-keygen sudo systemctl usermod vmssh wsl'.split(
  ' ',
);
const installAgain = 'npm run build';

const { ssh, devices } = good;
const missing = { missing: new Error('x') };
const warning = (provider: string) => ({
  sources: [provider],
  machines: { machines: [], warnings: [{ provider, code: 'EACCES', problem: 'no' }] },
});
const absent = { '/dev/vsock': 'absent', '/dev/vhost-vsock': 'absent', '/dev/kvm': 'closed' } as const;

const config = (more: Partial<ConfigFacts>) => ({ config: { ...good.config, ...more } });
const noDevices = { devices: { ...devices, ...absent }, modules: [] };
const install = ['vmssh config install'];

/** Each of a host's fixes once, and what is run if it is pasted; undefined: it says in words who has to do what. */
const ofHosts: readonly [name: string, facts: Partial<Facts>, runs: readonly string[] | undefined][] = [
  ['ssh', { ssh: { version: undefined, proxyCommand: undefined } }, ['apt-get install openssh-client']],
  ['ssh', { ssh: { ...ssh, version: 'OpenSSH_7.4p1' } }, undefined],
  ['addon', { addon: missing }, ['apt-get install g++', installAgain]],
  ['vsock', noDevices, ['sudo modprobe vsock']],
  ['vhost_vsock', noDevices, ['sudo modprobe vhost_vsock']],
  ['kvm', { devices: noDevices.devices }, ['sudo usermod -aG kvm ann']],
  ['libvirt', warning('libvirt'), ['sudo apt-get install libvirt-clients', 'sudo usermod -aG libvirt ann']],
  ['machined', warning('machined'), ['systemctl status systemd-machined']],
  ['config', config({ isCurrent: false }), install],
  ['home', config({ elsewhere: { found: 'x', fix: "HOME='/a b' vmssh config install" } }), install],
  ['Include', config({ isIncluded: false }), install],
  ['ssh vsock/3', { ssh: { ...ssh, proxyCommand: 'other %h' } }, install],
  ['ControlPath', { ssh: { ...ssh, controlPath: { problem: 'x', fix: controlPathFix } } }, undefined],
  [
    'exposed',
    { exposed: [3, 4].map((cid) => ({ name: "it's", cid, answers: true })) },
    ['vmssh guest off vsock/3'],
  ],
  ['fresh Hosts', config({ fresh: undefined }), ['vmssh config install --fresh']],
  [
    'fresh Hosts',
    config({ fresh: 'failed units' }),
    ['systemctl --user status vmssh-hosts.service vmssh-hosts.path'],
  ],
];

const calm: Signs = { error: undefined, cidUsers: [] };
const users = [1, 2].map((pid) => ({ pid, cid: 3, name: 'web' }));

const ofTargets: readonly Signs[] = [
  { ...calm, cidUsers: users },
  { ...calm, controlPath: { problem: 'x', fix: controlPathFix } },
];

const ofGuests: Readonly<Record<string, readonly string[]>> = {
  'name-lookup': [],
  transport: ['modprobe vmw_vsock_virtio_transport'],
  systemd: ['wsl --shutdown'],
  'host-keys': [
    'chmod 600 /etc/ssh/ssh_host_ecdsa_key /etc/ssh/ssh_host_ed25519_key /etc/ssh/ssh_host_rsa_key',
    'ssh-keygen -A',
  ],
  // signs.ts fills in the port.
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
    writeFileSync(join(bin, name), `#!/bin/sh\necho ${name} "$@" >> '${log}'\n`, { mode: 0o755 });
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

  it.each(ofHosts)('of a host, $0: $2', async (name, facts, runs) => {
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
