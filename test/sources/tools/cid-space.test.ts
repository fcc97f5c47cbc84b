import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { listDomains } from '../../../src/sources/libvirt/libvirt.js';
import { machined } from '../../../src/sources/machined/source.js';
import { listIncus } from '../../../src/sources/managers/incus.js';
import { addressOf } from '../../../src/sources/routes.js';
import { sharesCids } from '../../../src/sources/tools/cid-space.js';
import type { RunTool } from '../../../src/sources/tools/run-tool.js';
import { crosvm } from '../../../src/sources/vmm/crosvm.js';
import { qemu } from '../../../src/sources/vmm/qemu.js';
import { lacks } from '../../helpers/programs.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { machines, PeerFolder } from '../machined/varlink-peer.js';
import { fakeProc, inDocker, setCidMode } from '../processes/fake-proc.js';

const dir = useTempDir();
const uuid = '11111111-2222-4333-8444-555555555555';

describe('a CID in the network namespace of another process', () => {
  it.each<{ name: string; mode?: string; net?: string; there?: string; want: boolean }>([
    { name: 'of a kernel without the setting', net: 'other', want: true },
    { name: 'of a kernel without the setting, which cannot be seen', want: true },
    { name: 'that is ours', mode: 'global', net: 'own', want: true },
    { name: 'that is ours alone', mode: 'local', net: 'own', want: true },
    { name: 'that is global as ours', mode: 'global', net: 'other', there: 'global', want: true },
    { name: 'that is global, while ours is not', mode: 'local', net: 'other', there: 'global', want: false },
    { name: 'that is local', mode: 'global', net: 'other', there: 'local', want: false },
    { name: 'that may not be asked', mode: 'global', net: 'other', want: false },
    { name: 'that cannot be seen', mode: 'global', want: false },
    { name: 'while our mode is none we know', mode: 'mixed', net: 'other', there: 'global', want: false },
  ])('$name: $want', async ({ mode, net, there, want }) => {
    const procDir = fakeProc(dir, [{ argv: ['x'], ...(net === undefined ? {} : { net }) }]);
    if (mode !== undefined) setCidMode(procDir, mode);
    expect(await sharesCids(100, { env: {}, procDir }, async () => there)).toBe(want);
  });
});

describe('a machine in another network namespace, on a kernel that keeps their CIDs apart', () => {
  const qemuWith = (cid: number) => ['qemu-system-x86_64', '-device', `vhost-vsock-pci,guest-cid=${cid}`];
  const proc = (...all: Parameters<typeof fakeProc>[1]) => setCidMode(fakeProc(dir, all), 'local');
  const problem = (pid: number, cid: number, where = 'it runs in another network namespace') =>
    `pid ${pid}: ${where}, and vsock/${cid} may be another machine in this one`;

  it('of QEMU has neither a name nor an address, and one with a daemon keeps both', async () => {
    const device = ['-chardev', 'socket,id=v,path=/v', '-device', 'vhost-user-vsock-pci,chardev=v'];
    const procDir = proc(
      { argv: [...qemuWith(3), '-name', 'here'], net: 'own' },
      { argv: [...qemuWith(3), '-name', 'there'], net: 'other' },
      { argv: qemuWith(4) },
      { argv: qemuWith(5), net: 'other', ...inDocker },
      { argv: ['qemu-system-x86_64', '-name', 'mux', ...device], net: 'other' },
      { argv: ['vhost-device-vsock', '--socket', '/v', '--uds-path', '/m'], net: 'other' },
    );
    const { found, warnings } = await qemu.list({ env: {}, procDir });
    expect(found.map((each) => [each.name, addressOf(each)])).toEqual([
      ['here', 'vsock/3'],
      ['mux', 'vsock-mux/m'],
    ]);
    const unseen = problem(102, 4, 'its network namespace cannot be seen');
    expect(warnings.map(({ problem: each }) => each).sort()).toEqual([
      ...[problem(101, 3), unseen],
      expect.stringMatching(
        /^pid 103: a virtual machine of QEMU runs in container 0a0a0a0a0a0a: nothing leads/,
      ),
    ]);
  });

  it('of crosvm has neither', async () => {
    const argv = (cid: string) => ['crosvm', 'run', '--cid', cid, '--name', cid];
    const procDir = proc({ argv: argv('7'), net: 'own' }, { argv: argv('8'), net: 'other' });
    const { found, warnings } = await crosvm.list({ env: {}, procDir });
    expect(found).toMatchObject([{ name: '7', cid: 7 }]);
    expect(warnings).toEqual([{ provider: 'crosvm', code: 'INCOMPLETE', problem: problem(101, 8) }]);
  });

  it('of libvirt has only a name, as its daemon says where it is', async () => {
    const procDir = proc({ argv: ['libvirtd'], net: 'other' }, { argv: ['libvirtd'], net: 'own' });
    const xml = `<domain id='1'><name>mint</name><uuid>${uuid}</uuid><devices><vsock><cid address='3'/></vsock></devices></domain>`;
    const run: RunTool = async (_program, args) =>
      args.at(-1)?.startsWith('list') ? `${uuid}\n==vmssh==\n==vmssh==\n` : xml;
    const ask = async (pid: string) => {
      writeFileSync(join(dir, 'libvirtd.pid'), pid);
      const deps = { env: {}, procDir, runDir: dir };
      return listDomains(deps, ['system'], { run, exists: async () => true, uid: 0 });
    };
    expect(await ask('101')).toMatchObject({ domains: [{ name: 'mint', cid: 3 }], warnings: [] });
    expect(await ask('100')).toEqual({
      domains: [{ name: 'mint', uuid, id: 1, status: 'running', scope: 'system' }],
      warnings: [{ provider: 'libvirt', code: 'INCOMPLETE', problem: `qemu:///system: ${problem(100, 3)}` }],
    });
  });

  it('of Incus has only the routes that are no CID', async () => {
    const procDir = proc({ argv: ['qemu'], net: 'other' }, { argv: ['qemu'], net: 'own' });
    const vm = (name: string, pid: number) => ({
      ...{ name, type: 'virtual-machine', status: 'Running', location: 'none' },
      ...{ config: { 'volatile.vsock_id': '3' }, state: { pid } },
    });
    const get = async () => ({ metadata: [vm('there', 100), vm('here', 101)] });
    const exists = async (path: string) => path.endsWith('incus/unix.socket');
    const { found, warnings } = await listIncus({ env: {}, procDir, runDir: dir }, get, exists);
    // Its pids may be of its own namespace: no other source's machine is taken for one by them.
    expect(found.map((each) => [each.name, each.cid, addressOf(each), each.pid])).toEqual([
      ['there', undefined, undefined, undefined],
      ['here', 3, 'vsock/3', undefined],
    ]);
    expect(warnings).toEqual([{ provider: 'incus', code: 'INCOMPLETE', problem: problem(100, 3) }]);
  });

  it('of systemd-machined has only an address that is no CID', async () => {
    const folder = new PeerFolder();
    onTestFinished(() => folder.stop());
    const vm = (name: string, leader: number, sshAddress: string) => ({
      ...{ name, class: 'vm', vSockCid: 3, leader, sshAddress },
    });
    const procDir = proc({ argv: ['x'], net: 'own' }, { argv: ['x'], net: 'other' });
    await folder.listen(
      'run/systemd/machine/io.systemd.Machine',
      machines(vm('here', 100, 'vsock/3'), vm('there', 101, 'vsock/3'), vm('ip', 101, '192.0.2.1')),
    );
    const { found } = await machined.list({ env: {}, runDir: `${folder.path}/run`, procDir });
    expect(found.map((each) => [each.name, each.cid, addressOf(each)])).toEqual([
      ['here', 3, 'vsock/3'],
      ['there', undefined, undefined],
      ['ip', undefined, '192.0.2.1'],
    ]);
  });
});

describe('the real /proc', () => {
  const started: ChildProcess[] = [];
  afterEach(() => {
    for (const each of started.splice(0)) each.kill();
  });
  /** The pid of a program that waits; undefined if it could not be started as it is. */
  const waiting = async (...words: readonly string[]): Promise<number | undefined> => {
    const [program = '', ...args] = [...words, 'sh', '-c', 'echo here; exec sleep 60'];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    started.push(child);
    const [said] = await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
    return String(said) === 'here\n' ? child.pid : undefined;
  };

  it.skipIf(lacks('unshare'))('shows which network namespace a process has', async (test) => {
    const [here, there] = [await waiting(), await waiting('unshare', '--net')];
    if (here === undefined || there === undefined)
      return test.skip('"unshare --net" is refused: run the test as root');
    const procDir = join(dir, 'proc');
    mkdirSync(procDir);
    for (const each of ['self', here, there]) symlinkSync(`/proc/${each}`, join(procDir, String(each)));
    setCidMode(procDir, 'global');
    const deps = { env: process.env, procDir };
    const asked: number[] = [];
    const ask = async (pid: number) => {
      asked.push(pid);
      return 'local';
    };
    expect(await Promise.all([here, there].map((pid) => sharesCids(pid, deps, ask)))).toEqual([true, false]);
    expect(asked).toEqual([there]);
    // Its own way of asking enters the namespace; the setting is the made-up one.
    expect(await sharesCids(there, deps)).toBe(true);
    expect(await sharesCids(there, { ...deps, procDir: setCidMode(procDir, 'local') })).toBe(false);
  });
});
