import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lacks } from '../helpers/programs.js';
import { executable, run, vmssh } from '../helpers/run.js';
import { useSshd } from '../helpers/sockets/peers.js';
import { useTempDir, writeTree } from '../helpers/temp-dir.js';

// Node on Linux that takes itself for Node on a Mac; tools are stand-ins. There is no executable for Macs.
describe.skipIf(lacks('ssh', 'sshd') ?? executable)('a Mac, by what Linux can show', () => {
  const dir = useTempDir();
  const folder = 'home/Library/Application Support';
  mkdirSync(join(dir, folder), { recursive: true });
  const sshd = useSshd(dir, join(folder, 'mint.sock'));
  // The first user of a Mac, if the tests run as root.
  const uid = process.getuid?.() || 501;
  const say = (text: string) => `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`;
  writeTree(dir, {
    'mac.cjs': `Object.defineProperty(process, 'platform', { value: 'darwin' });\nprocess.getuid = () => ${uid};\n`,
    'bin/ps':
      say(`  401   ${uid}   ${uid} /opt/homebrew/bin/qemu-system-aarch64 -name mint -nic user,hostfwd=unix:${sshd.path}-:22
  402   ${uid}   ${uid} /opt/homebrew/bin/qemu-system-aarch64 -name deb -nic user,hostfwd=tcp:127.0.0.1:2222-:22
  403   ${uid + 1}   ${uid + 1} qemu-system-aarch64 -name theirs -nic user,hostfwd=tcp:127.0.0.1:2223-:22`),
    'bin/limactl': say(
      '{"name":"default","status":"Running","dir":"/Users/u/.lima/default","sshLocalPort":60022}',
    ),
    'bin/podman': say(
      '[{"Name":"podman-machine-default","Running":true,"Port":50123,"RemoteUsername":"core"}]',
    ),
    'bin/multipass': say('{"list":[{"name":"primary","state":"Running","ipv4":["192.168.64.2"]}]}'),
  });
  const preload = `--require "${join(dir, 'mac.cjs')}"`;
  const PATH = `${join(dir, 'bin')}:${process.env.PATH}`;
  const env = { PATH, HOME: join(dir, 'home'), NODE_OPTIONS: preload };
  const mac = (...args: readonly string[]) => run([...vmssh, ...args], { env });

  it('lists the machines of Lima, Multipass, Podman and QEMU', async () => {
    const { code, stdout, stderr } = await mac('list', '--json');
    const { machines, warnings } = JSON.parse(stdout);
    expect({ code, stderr, warnings }).toEqual({ code: 0, stderr: '', warnings: [] });
    const own = machines.map(({ target, address }: Record<string, string>) => [target, address]);
    expect(own.toSorted()).toEqual([
      ['lima/default', '127.0.0.1:60022'],
      ['multipass/primary', '192.168.64.2'],
      ['podman/podman-machine-default', '127.0.0.1:50123'],
      ['qemu/deb', '127.0.0.1:2222'],
      ['qemu/mint', `unix${sshd.path}`],
    ]);
    const key = machines.find(({ name }: { name: string }) => name === 'primary').identityFile;
    expect(key).toBe('/var/root/Library/Application Support/multipassd/ssh-keys/id_rsa');
  });

  it('checks a machine of QEMU by name and by socket, and logs in by relay', async () => {
    for (const target of ['mint', `unix${sshd.path}`])
      expect(await mac('check', '--until=authentication', target)).toMatchObject({ code: 0 });
    const config = join(dir, 'config');
    const printed = await mac('config', 'print');
    expect(printed.stdout).toContain('ProxyUseFdpass no');
    const identity = `Host *\n    IdentityFile ${join(dir, 'id')}\n    BatchMode yes\n    User ${sshd.user}\n    StrictHostKeyChecking accept-new\n`;
    writeFileSync(config, `${printed.stdout}${identity}`, { mode: 0o600 });
    // ssh's own home is not HOME.
    const anyKey = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
    const login = await run(['ssh', '-F', config, ...anyKey, 'mint', 'echo here'], { env });
    expect(login).toMatchObject({ code: 0, stdout: 'here\n' });
  });

  it('says what is not reached from a Mac, and does not ask for an addon', async () => {
    const { code, stderr } = await run([...vmssh, 'proxy', 'vsock/3', '22'], { env, keepOpen: true });
    expect(code).toBe(1);
    expect(stderr).toMatch(/vsock targets are not reached from darwin\nhint: on a Mac use lima\/NAME/);
    const doctor = JSON.parse((await mac('doctor', '--json')).stdout);
    const addon = doctor.checks.find(({ name }: { name: string }) => name === 'addon');
    expect(addon).toMatchObject({ state: 'skipped', found: expect.stringContaining('none for macOS') });
    const about = JSON.parse((await mac('--version', '--json')).stdout);
    expect(about).toMatchObject({ platform: expect.stringMatching(/^darwin-/), features: ['unix'] });
  });
});
