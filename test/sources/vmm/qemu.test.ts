import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listAll } from '../../../src/sources/list-all.js';
import { addressOf, routeTo } from '../../../src/sources/routes.js';
import { match, searchSource } from '../../../src/sources/search.js';
import { crosvm, parseCrosvmArgs } from '../../../src/sources/vmm/crosvm.js';
import { notOfKernel, parseQemuArgs, type QemuMachine, qemu } from '../../../src/sources/vmm/qemu.js';
import { parseVhostDevice } from '../../../src/sources/vmm/vhost-device.js';
import { useTempDir, writeTree } from '../../helpers/temp-dir.js';
import { fixture } from '../fixture.js';
import { fakeProc, inDocker } from '../processes/fake-proc.js';
import { at } from '../resolved.js';

const dir = useTempDir();
const uuid = '11111111-2222-4333-8444-555555555555';
const somebody = (process.getuid?.() ?? 0) + 1;
const vsock = (cid: number) => ['-device', `vhost-vsock-pci,guest-cid=${cid}`];
const list = (...processes: Parameters<typeof fakeProc>[1]) =>
  qemu.list({ env: {}, procDir: fakeProc(dir, processes) });

/** A listening socket of 127.0.0.1 as the kernel prints it. */
const row = (port: number, inode: number, uid = 0) => {
  const hex = port.toString(16).padStart(4, '0').toUpperCase();
  const rest = '00000000:0000 0A 00000000:00000000 00:00000000 00000000';
  return `   0: 0100007F:${hex} ${rest}  ${uid}        0 ${inode} 1\n`;
};
/** Such processes on a host with these listening sockets. */
function listening(processes: Parameters<typeof fakeProc>[1], rows: string): string {
  const procDir = fakeProc(dir, processes);
  mkdirSync(join(procDir, 'net'));
  writeFileSync(join(procDir, 'net/tcp'), rows);
  return procDir;
}

describe('running QEMUs', () => {
  it('have their name, or their address if they have no name', async () => {
    const { found, warnings } = await list(
      { argv: ['/usr/bin/qemu-system-x86_64', '-name', 'mint', '-uuid', uuid, ...vsock(3)] },
      { argv: ['qemu-system-aarch64', ...vsock(4)] },
      { argv: ['qemu-system-x86_64', '-drive', 'if=pflash,file=/x/OVMF.fd', '-hda', '/vm/debian.qcow2'] },
    );
    const same = { status: 'running', provider: 'qemu' };
    const unnamed = { name: 'qemu-102', target: 'qemu/qemu-102', ids: ['debian'], pid: 102, routes: [] };
    expect(warnings).toEqual([]);
    expect(found).toEqual([
      { ...same, name: 'mint', target: 'qemu/mint', cid: 3, uuid, pid: 100, ...at('vsock/3') },
      { ...same, name: 'qemu-101', target: 'vsock/4', cid: 4, pid: 101, ...at('vsock/4') },
      { ...same, ...unnamed },
    ]);
  });

  it('of Multipass are left to it, if it is there', async () => {
    const disk = '/var/snap/multipass/common/data/multipassd/vault/instances/primary/ubuntu.img';
    const procDir = fakeProc(dir, [{ argv: ['qemu-system-x86_64', '-drive', `file=${disk},if=none`] }]);
    const own = { PATH: join(dir, 'with-multipass') };
    writeTree(own.PATH, { multipass: '#!/bin/sh\n' });
    expect(await qemu.list({ env: own, procDir })).toEqual({ found: [], warnings: [] });
    const other = await qemu.list({ env: { PATH: dir }, procDir });
    expect(other.found).toMatchObject([{ name: 'qemu-100', ids: ['ubuntu'] }]);
  });

  it('in a container have only their CID, and take no name, port or daemon', async () => {
    const argv = ['qemu-system-x86_64', '-name', 'mint', '-uuid', uuid];
    const device = ['-chardev', 'socket,id=v,path=/v', '-device', 'vhost-user-vsock-pci,chardev=v'];
    const { found, warnings } = await list(
      { argv: [...argv, ...vsock(3), '-nic', 'user,hostfwd=tcp::22-:22'], ...inDocker },
      { argv: [...argv, '-nic', 'user,hostfwd=tcp::22-:22'], ...inDocker },
      { argv: ['vhost-device-vsock', '--socket', '/v', '--uds-path', '/m'], ...inDocker },
      { argv: ['qemu-system-x86_64', '-name', 'mint', ...device] },
    );
    const known = { status: 'running', provider: 'qemu' };
    expect(found).toEqual([
      { ...known, name: 'vsock/3', target: 'vsock/3', ...at('vsock/3'), authority: 'other' },
      { ...known, name: 'mint', target: 'qemu/mint', pid: 103, routes: [] },
    ]);
    const inside = `a virtual machine of QEMU runs in container ${'0a'.repeat(6)}:`;
    const name = "and the container's name only to the container";
    expect(warnings.map(({ code, problem }) => `${code} ${problem}`)).toEqual([
      `NOT_LISTED pid 100: ${inside} vsock/3 leads to it, ${name}`,
      `NOT_LISTED pid 101: ${inside} nothing leads to it from here, ${name}`,
    ]);
  });

  it('with the same name are distinguished by UUID, by CID, or by pid with only a port', async () => {
    const { found, warnings } = await list(
      { argv: ['qemu-system-x86_64', '-name', 'a', '-uuid', uuid, ...vsock(3)] },
      { argv: ['qemu-system-x86_64', '-name', 'a', ...vsock(4)] },
      { argv: ['qemu-system-x86_64', '-name', 'a', '-nic', 'user,hostfwd=tcp::2222-:22'] },
    );
    expect(found.map(({ target }) => target)).toEqual([`qemu/${uuid}`, 'vsock/4', 'qemu/qemu-102']);
    expect(match('qemu-102', found).map(({ pid }) => pid)).toEqual([102]);
    expect(warnings).toEqual([]);
  });

  it('with the same name and UUID are distinguished by pid', async () => {
    const argv = ['qemu-system-x86_64', '-name', 'a', '-uuid', uuid];
    const { found } = await list({ argv }, { argv });
    expect(found.map(({ name, target }) => [name, target])).toEqual([
      ['a', 'qemu/qemu-100'],
      ['a', 'qemu/qemu-101'],
    ]);
  });

  it('whose name cannot be part of a target are reached by UUID or address', async () => {
    const { found } = await list(
      { argv: ['qemu-system-x86_64', '-name', 'a/b', ...vsock(3)] },
      { argv: ['qemu-system-x86_64', '-name', 'c/d', '-uuid', uuid, ...vsock(4)] },
    );
    expect(found).toMatchObject([
      { name: 'a/b', target: 'vsock/3' },
      { name: 'c/d', target: `qemu/${uuid}` },
    ]);
  });

  it('are reached by a unix socket that is forwarded, unless another one has it, too: the later one took it', async () => {
    const forward = (path: string) => ['-nic', `user,hostfwd=unix:${path}-10.0.2.15:22`];
    const procDir = fakeProc(dir, [
      { argv: ['qemu-system-x86_64', '-name', 'a', ...forward('/run/a-b,,c.sock')] },
      { argv: ['qemu-system-x86_64', '-name', 'b', ...vsock(3), ...forward('/c')] },
      { argv: ['qemu-system-x86_64', '-name', 'c', ...forward('/c')] },
    ]);
    const { machines, warnings } = await listAll({ env: {}, procDir }, [qemu]);
    expect(machines).toMatchObject([at('unix/run/a-b,c.sock'), at('vsock/3'), { routes: [] }]);
    expect(warnings).toMatchObject([{ code: 'ADDRESS_TWICE' }]);
  });

  it('are reached by a port that is forwarded, after their vsock device if they have one', async () => {
    const forward = ['-nic', 'user,hostfwd=tcp::2222-:22'];
    const { found } = await list(
      { argv: ['/usr/bin/qemu-system-x86_64', '-name', 'a', ...forward] },
      { argv: ['/usr/bin/kvm', '-name', 'b', ...vsock(4), ...forward] },
      { argv: ['qemu-system-x86_64', ...forward] },
      { argv: ['qemu-system-x86_64', ...vsock(5), ...forward] },
    );
    const port = routeTo('127.0.0.1:2222');
    const routes = [routeTo('vsock/4'), port];
    expect(found.map(({ target, routes }) => ({ target, routes }))).toEqual([
      { target: 'qemu/a', routes: routes.slice(1) },
      { target: 'qemu/b', routes },
      { target: 'qemu/qemu-102', routes: [port] },
      { target: 'qemu/qemu-103', routes: [routeTo('vsock/5'), port] },
    ]);
  });

  it.each([
    ['its disk', ['-nic', 'user,hostname=minikube', '-drive', 'file=/m/disk.qcow2'], 'disk'],
    ["Proxmox's number", ['-id', '100', '-name', 'web01,debug-threads=on'], '100'],
  ])('are found by what people call them: $0', async (_name, args, typed) => {
    const procDir = fakeProc(dir, [{ argv: ['kvm', ...args] }, { argv: ['kvm', '-name', 'db'] }]);
    expect(await searchSource(qemu, typed, { env: {}, procDir })).toMatchObject({
      outcome: 'found',
      machine: { pid: 100 },
    });
  });

  it.each([
    ['-netdev', 'stream,id=n,server=off,addr.type=unix,addr.path=/run/p.sock'],
    ['-netdev', '{"type":"stream","addr":{"type":"unix","path":"/run/p.sock"},"id":"n"}'],
    ['-chardev', 'socket,id=c,path=/run/p.sock', '-netdev', 'vhost-user,id=n,chardev=c'],
  ])('are reached by the port of their passt: $1', async (...network) => {
    const passt = { argv: ['passt', '--socket', '/run/p.sock', '--tcp-ports', '2222:22'], sockets: ['7'] };
    const argv = ['qemu-system-x86_64', '-name', 'a', ...network];
    const at = (rows: string) => qemu.list({ env: {}, procDir: listening([{ argv }, passt], rows) });
    expect(await at(row(2222, 7))).toMatchObject({ found: [{ routes: [routeTo('127.0.0.1:2222')] }] });
    expect(await at(row(2222, 8))).toMatchObject({
      found: [{ routes: [] }],
      warnings: [{ code: 'FOREIGN' }],
    });
  });

  it.each([
    ['a forwarded port', ['-nic', 'user,hostfwd=tcp:a b:2222-:22']],
    ['a port that TCP lacks', ['-nic', 'user,hostfwd=tcp::99999-:22']],
  ])('lack only what cannot be used: %s', async (_name, forward) => {
    const { found, warnings } = await list(
      { argv: ['qemu-system-x86_64', '-name', 'a', ...vsock(3), ...forward] },
      { argv: ['qemu-system-x86_64', '-name', 'b', ...vsock(4)] },
    );
    expect(found).toMatchObject([
      { target: 'qemu/a', routes: [routeTo('vsock/3')] },
      { target: 'qemu/b', routes: [routeTo('vsock/4')] },
    ]);
    const problem = expect.stringMatching(/^pid 100: ".*" cannot be used/);
    expect(warnings).toMatchObject([{ provider: 'qemu', code: 'INCOMPLETE', problem }]);
  });

  it.each([
    { name: 'its own', uid: 0, want: [at('127.0.0.1:2222')], warnings: [] },
    { name: "another user's", uid: somebody, want: [{ routes: [] }], warnings: [{ code: 'FOREIGN' }] },
    { name: 'nobody, in this network', uid: undefined, want: [{ routes: [] }], warnings: [] },
  ])('whose forwarded port has $name', async ({ uid, want, warnings }) => {
    const argv = ['qemu-system-x86_64', '-name', 'a', '-nic', 'user,hostfwd=tcp:127.0.0.1:2222-:22'];
    const procDir = listening([{ argv }], uid === undefined ? '' : row(2222, 1, uid));
    expect(await qemu.list({ env: {}, procDir })).toMatchObject({ found: want, warnings });
  });

  describe('whose forwarded port is looked for among its own sockets', () => {
    const tables = row(40_001, 1) + row(40_002, 2) + row(5901, 3);
    const codesAt = async (port: number, ...sockets: readonly string[]) => {
      const forward = ['-vnc', ':1', '-nic', `user,hostfwd=tcp:127.0.0.1:${port}-:22`];
      const argv = ['qemu-system-x86_64', '-name', 'a', ...forward];
      const procDir = listening([{ argv, sockets }], tables);
      const { found, warnings } = await qemu.list({ env: {}, procDir });
      return { address: addressOf(found[0] ?? {}), codes: warnings.map(({ code }) => code) };
    };

    it.each([
      { name: 'the one that it took', port: 0, sockets: ['2', '3'], address: '127.0.0.1:40002', codes: [] },
      { name: 'two', port: 0, sockets: ['1', '2'], address: undefined, codes: ['INCOMPLETE'] },
      { name: 'none', port: 0, sockets: ['9'], address: undefined, codes: ['INCOMPLETE'] },
      { name: 'the typed one', port: 40_001, sockets: ['1'], address: '127.0.0.1:40001', codes: [] },
      { name: "another process's", port: 40_001, sockets: ['2'], address: undefined, codes: ['FOREIGN'] },
    ])('$name', async ({ port, sockets, address, codes }) => {
      expect(await codesAt(port, ...sockets)).toEqual({ address, codes });
    });
  });

  it.each([
    {
      ids: ['100'],
      want: "qm set 100 --args '-device vhost-vsock-pci,guest-cid=100', then stop and start it",
    },
    { ids: ['disk'], want: expect.stringMatching(/ -device .*vhost-device-vsock .*hostfwd=/) },
    { ids: ['100'], name: 'qemu-42', want: expect.stringMatching(/ -device .*hostfwd=/) },
  ])('are told how they get an address: $ids $name', ({ ids, name = 'web', want }) => {
    const known = { name, target: 'qemu/web', status: 'running', provider: 'qemu' } as const;
    expect(qemu.hints?.address?.({ ...known, ids })).toEqual(want);
  });

  it.each(['vhost-user-vsock-pci-non-transitional', 'vhost-user-vsock-device'])(
    'with a %s have a daemon with underscores',
    async (driver) => {
      const device = ['-chardev', 'socket,id=v,path=/run/v.sock', '-device', `${driver},chardev=v`];
      const argv = ['microvm@mint', '-name', 'mint', ...device];
      const daemon = [
        'vhost_device_vsock',
        '--guest-cid=43',
        '--socket=/run/v.sock',
        '--uds-path=/run/mux.sock',
      ];
      const exe = '/nix/store/x/bin/.qemu-system-x86_64-wrapped';
      const { found } = await list({ argv, exe }, { argv: daemon });
      expect(found).toMatchObject([{ target: 'qemu/mint', cid: 43, ...at('vsock-mux/run/mux.sock') }]);
    },
  );

  it.each([
    { path: '/run/x/vhost.sock', cwd: '/' },
    { path: 'vhost.sock', cwd: '/run/x' },
  ])('with a vhost-user device at $path have the CID and the socket of its daemon', async ({ path, cwd }) => {
    const device = ['-chardev', `socket,id=v,path=${path}`, '-device', 'vhost-user-vsock-pci,chardev=v'];
    const daemon = 'vhost-device-vsock --guest-cid 43 --socket vhost.sock --uds-path mux.sock'.split(' ');
    const { found } = await list(
      { argv: ['qemu-system-x86_64', '-name', 'mint', ...device], cwd },
      { argv: daemon, cwd: '/run/x' },
    );
    expect(found).toMatchObject([{ target: 'qemu/mint', cid: 43, ...at('vsock-mux/run/x/mux.sock') }]);
    const known = async () => ({ found, warnings: [] });
    expect(await notOfKernel(43, { env: {} }, known)).toEqual({
      problem: 'the kernel does not have CID 43: a program serves it for qemu/mint',
      hint: 'ssh qemu/mint',
    });
    expect(await notOfKernel(42, { env: {} }, known)).toBeUndefined();
  });
});

describe('vhost-device-vsock', () => {
  it.each([
    [
      'one machine',
      ['--uds-path=/a', '--guest-cid=5', '--socket=/s'],
      [{ cid: 5, socket: '/s', udsPath: '/a' }],
    ],
    ['its default CID', ['--uds-path', '/a', '--socket', '/s'], [{ cid: 3, socket: '/s', udsPath: '/a' }]],
    [
      'several machines',
      ['--vm', 'guest-cid=3,socket=/s3,uds-path=/a3', '--vm=guest-cid=4,socket=/s4,uds-path=/a4'],
      [
        { cid: 3, socket: '/s3', udsPath: '/a3' },
        { cid: 4, socket: '/s4', udsPath: '/a4' },
      ],
    ],
    [
      'a CID that is none',
      ['--vm', 'guest-cid=abc,socket=/s,uds-path=/a', '--vm', 'guest-cid=2,uds-path=/b'],
      [{ socket: '/s', udsPath: '/a' }, { udsPath: '/b' }],
    ],
    ['a configuration file, which is not read', ['--config', '/c.yaml'], []],
  ])('with $0', (_name, input, want) => {
    expect(parseVhostDevice({ argv: ['vhost-device-vsock', ...input] })).toEqual(want);
  });
});

describe('crosvm', () => {
  it.each([
    { input: ['run', '--vsock', '3', '--name', 'a'], want: { name: 'a', cid: 3 } },
    { input: ['run', '--vsock', 'cid=4,max-queue-sizes=[1]'], want: { cid: 4 } },
    { input: ['run', '--vsock=5', '-s', '/run/vm.sock'], want: { name: 'vm', cid: 5 } },
    { input: ['run', '--cid', '6'], want: { cid: 6 } },
    { input: ['run', '--vsock', 'device=/dev/x'], want: {} },
    { input: ['run', '--vsock', 'cid=2'], want: {} },
    { input: ['run', '--vsock', 'cid=1e1'], want: {} },
    { input: ['run'], want: {} },
    { input: ['run', '--vhost-user=vsock,socket=/v'], want: { vhostUserSocket: '/v' } },
    {
      input: ['run', '--vhost-user', 'net,socket=/n', '--vhost-user', 'type=vsock,socket=/v'],
      want: { vhostUserSocket: '/v' },
    },
  ])('with $input', ({ input, want }) => {
    expect(parseCrosvmArgs(['crosvm', ...input])).toEqual(want);
  });

  it('has the socket of its daemon, as Cuttlefish starts it', async () => {
    const procDir = fakeProc(dir, [
      { argv: ['crosvm', 'run', '--vhost-user=vsock,socket=/run/v.sock', '--name', 'cvd'] },
      { argv: ['vhost_device_vsock', '--guest-cid=44', '--socket=/run/v.sock', '--uds-path=/run/mux.sock'] },
      { argv: ['crosvm', 'run', '--vhost-user=vsock,socket=/run/other.sock'] },
    ]);
    const { found } = await crosvm.list({ env: {}, procDir });
    expect(found).toMatchObject([{ name: 'cvd', target: 'vsock-mux/run/mux.sock', cid: 44, pid: 100 }]);
  });

  it('is listed while it runs a machine with a CID', async () => {
    const argv = ['crosvm', 'run', '--vsock', '7', '--name', 'a'];
    // Processes of its own for devices.
    const all = [{ argv, files: { uid_map: '0 1000 1\n' } }, { argv }, { argv }];
    const others = [
      ['run', 'vmlinux'],
      ['stop', '--vsock', '7'],
    ].map((args) => ({ argv: ['crosvm', ...args] }));
    const self = { argv: ['vmssh'], files: { uid_map: '0 0 4294967295\n' } };
    const { found } = await crosvm.list({ env: {}, procDir: fakeProc(dir, [...all, ...others], self) });
    const known = { name: 'a', target: 'vsock/7', status: 'running', provider: 'crosvm', cid: 7 };
    expect(found).toEqual([{ ...known, pid: 101, ...at('vsock/7') }]);
  });
});

describe('the arguments of QEMU', () => {
  it.each<{ name: string; input: readonly string[]; want: QemuMachine }>([
    { name: 'nothing', input: [], want: {} },
    { name: 'a plain name', input: ['-name', 'mint'], want: { name: 'mint' } },
    { name: 'a name with options', input: ['-name', 'mint,debug-threads=on'], want: { name: 'mint' } },
    { name: "libvirt's name", input: ['-name', 'guest=Mint 22,debug-threads=on'], want: { name: 'Mint 22' } },
    { name: 'a name with a comma', input: ['-name', 'a,,b,process=x'], want: { name: 'a,b' } },
    { name: 'two dashes', input: ['--name', 'mint'], want: { name: 'mint' } },
    { name: 'a UUID', input: ['-uuid', uuid.toUpperCase()], want: { uuid } },
    { name: 'a PCI device', input: ['-device', 'vhost-vsock-pci,id=v,guest-cid=3'], want: { cid: 3 } },
    { name: 'a CCW device', input: ['-device', 'vhost-vsock-ccw,guest-cid=0x10'], want: { cid: 16 } },
    { name: 'an MMIO device', input: ['-device', 'guest-cid=7,driver=vhost-vsock-device'], want: { cid: 7 } },
    {
      name: 'a transitional device',
      input: ['-device', 'vhost-vsock-pci-non-transitional,guest-cid=9'],
      want: { cid: 9 },
    },
    {
      name: 'JSON',
      input: ['-device', '{"driver":"vhost-vsock-pci","id":"vsock0","guest-cid":42}'],
      want: { cid: 42 },
    },
    { name: 'broken JSON', input: ['-device', '{"driver":{"toString":1}}', '-uuid', '{"a"'], want: {} },
    { name: 'a reserved CID', input: ['-device', 'vhost-vsock-pci,guest-cid=2'], want: {} },
    { name: 'another device', input: ['-device', 'virtio-net-pci,guest-cid=3'], want: {} },
    {
      name: 'a vhost-user device, its character device after it',
      input: ['-device', 'vhost-user-vsock-pci,chardev=c', '-chardev', 'socket,id=c,path=/run/a,,b.sock'],
      want: { vhostUserSocket: '/run/a,b.sock' },
    },
    {
      name: 'a device that is the value of a name',
      input: ['-name', '-uuid', '-uuid', uuid],
      want: { name: '-uuid', uuid },
    },
    { name: 'an option without its value', input: ['-name'], want: {} },
    {
      name: 'the UUID of the firmware, as Proxmox has it',
      input: `-id 100 -name web,debug-threads=on -no-shutdown -smbios type=1,uuid=${uuid}`.split(' '),
      want: { name: 'web', uuid, vmId: '100' },
    },
    { name: 'a UUID without dashes', input: ['-uuid', uuid.replaceAll('-', '')], want: { uuid } },
    { name: 'a UUID that is none', input: ['-name', 'a', '-uuid', 'x'.repeat(36)], want: { name: 'a' } },
    { name: 'a text of the firmware', input: ['-smbios', 'type=11,value=x,uuid=y'], want: {} },
  ])('with $name', ({ input, want }) => {
    expect(parseQemuArgs(['qemu-system-x86_64', ...input])).toEqual(want);
  });

  it.each([
    { input: ['-nic', 'user,hostfwd=tcp:192.0.2.1:2222-10.0.2.15:22'], want: '192.0.2.1:2222' },
    { input: ['-net', 'nic', '-net', 'user,hostfwd=:0.0.0.0:2222-:22'], want: '127.0.0.1:2222' },
    { input: ['-nic', 'user,hostfwd=tcp::8080-:80,hostfwd=tcp::2222-:22'], want: '127.0.0.1:2222' },
    { input: ['-netdev', '{"type":"user","hostfwd":[{"str":"tcp::2222-:22"}]}'], want: '127.0.0.1:2222' },
    { input: ['-nic', 'user,hostfwd=tcp::0-:22'], want: '127.0.0.1:0' },
    {
      input: ['-netdev', '{"type":"user","hostfwd":[{"str":"unix:/x-:80"},{"str":"unix:/y-:22"}]}'],
      want: 'unix/y',
    },
    { input: ['-nic', 'user,hostfwd=udp::2222-:22'], want: undefined },
    { input: ['-nic', 'user,hostfwd=tcp::2222-:2222'], want: undefined },
  ])('forwards to SSH: $input', ({ input, want }) => {
    expect(parseQemuArgs(['kvm', ...input]).forwarded).toBe(want);
  });

  it('as libvirt 9 starts it', () => {
    const argv = fixture('qemu/libvirt9.0.0-plain.cmdline.txt').trimEnd().split('\n');
    expect(parseQemuArgs(argv)).toEqual({ name: 'plain', uuid: '21111111-2222-4333-8444-555555555555' });
  });

  it('as virtme-ng 1.35 starts it', () => {
    const argv = fixture('qemu/virtme-ng1.35.cmdline.txt').trimEnd().split('\n');
    expect(parseQemuArgs(argv)).toEqual({ name: 'kern', cid: 42 });
  });

  it('as quickemu 4.9.7 starts it, with the next port if 22220 is in use', () => {
    const argv = fixture('qemu/quickemu4.9.7.cmdline.txt').trimEnd().split('\n');
    expect(parseQemuArgs(argv)).toMatchObject({ name: 'debian', forwarded: '127.0.0.1:22221' });
  });

  it('as libvirt 9 writes them for a domain with a vsock device', () => {
    const argv = [...fixture('qemu/libvirt9.0.0-native.txt').matchAll(/'([^']*)'|[^\s']+/g)].map(
      ([word, quoted]) => quoted ?? word,
    );
    expect(parseQemuArgs(argv)).toEqual({ name: 'Mint 22', uuid, cid: 42 });
  });
});

it('an option of very many commas is read in one pass', () => {
  // With backtracking V8 ends such a search with an error.
  const commas = ','.repeat(1 << 25);
  expect(parseQemuArgs(['qemu', '-name', `mint,x=${commas}`, '-uuid', uuid])).toEqual({ name: 'mint', uuid });
});
