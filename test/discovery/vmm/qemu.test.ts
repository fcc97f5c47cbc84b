import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { crosvm, parseCrosvmArgs } from '../../../src/discovery/vmm/crosvm.js';
import { qemu } from '../../../src/discovery/vmm/qemu.js';
import { parseVhostDevice } from '../../../src/discovery/vmm/vhost-device.js';
import { useTempDir } from '../../helpers/temp-dir.js';
import { fakeProc, inDocker } from '../processes/fake-proc.js';

const dir = useTempDir();
const uuid = '11111111-2222-4333-8444-555555555555';
const vsock = (cid: number) => ['-device', `vhost-vsock-pci,guest-cid=${cid}`];
const list = (...processes: Parameters<typeof fakeProc>[1]) =>
  qemu.list({ env: {}, procDir: fakeProc(dir, processes) });

describe('running QEMUs', () => {
  it('have their name, or their address if they have no name', async () => {
    const { found, warnings } = await list(
      { argv: ['/usr/bin/qemu-system-x86_64', '-name', 'mint', '-uuid', uuid, ...vsock(3)] },
      { argv: ['qemu-system-aarch64', ...vsock(4)] },
      { argv: ['qemu-system-x86_64', '-snapshot'] },
    );
    const same = { status: 'running', provider: 'qemu' };
    expect(warnings).toEqual([]);
    expect(found).toEqual([
      { ...same, name: 'mint', target: 'qemu/mint', cid: 3, uuid, pid: 100, address: 'vsock/3' },
      { ...same, name: 'qemu-101', target: 'vsock/4', cid: 4, pid: 101, address: 'vsock/4' },
    ]);
  });

  it('in a container have only their CID, and take no name, port or daemon', async () => {
    const argv = ['qemu-system-x86_64', '-name', 'mint', '-uuid', uuid];
    const device = ['-chardev', 'socket,id=v,path=/v', '-device', 'vhost-user-vsock-pci,chardev=v'];
    const { found } = await list(
      { argv: [...argv, ...vsock(3), '-nic', 'user,hostfwd=tcp::22-:22'], ...inDocker },
      { argv: [...argv, '-nic', 'user,hostfwd=tcp::22-:22'], ...inDocker },
      { argv: ['vhost-device-vsock', '--socket', '/v', '--uds-path', '/m'], ...inDocker },
      { argv: ['qemu-system-x86_64', '-name', 'mint', ...device] },
    );
    const known = { status: 'running', provider: 'qemu' };
    expect(found).toEqual([
      { ...known, name: 'vsock/3', target: 'vsock/3', address: 'vsock/3', authority: 'other' },
      { ...known, name: 'mint', target: 'qemu/mint', pid: 103 },
    ]);
  });

  it('with the same name are distinguished by UUID, or by CID', async () => {
    const { found } = await list(
      { argv: ['qemu-system-x86_64', '-name', 'a', '-uuid', uuid, ...vsock(3)] },
      { argv: ['qemu-system-x86_64', '-name', 'a', ...vsock(4)] },
    );
    expect(found.map(({ target }) => target)).toEqual([`qemu/${uuid}`, 'vsock/4']);
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

  it('are reached by a port that is forwarded, after their vsock device if they have one', async () => {
    const forward = ['-nic', 'user,hostfwd=tcp::2222-:22'];
    const { found } = await list(
      { argv: ['/usr/bin/qemu-system-x86_64', '-name', 'a', ...forward] },
      { argv: ['/usr/bin/kvm', '-name', 'b', ...vsock(4), ...forward] },
      { argv: ['qemu-system-x86_64', ...forward] },
      { argv: ['qemu-system-x86_64', ...vsock(5), ...forward] },
    );
    const routes = [
      { route: 'vsock', address: 'vsock/4' },
      { route: 'ip', address: '127.0.0.1:2222' },
    ];
    expect(found.map(({ target, address, routes }) => ({ target, address, routes }))).toEqual([
      { target: 'qemu/a', address: '127.0.0.1:2222', routes: undefined },
      { target: 'qemu/b', address: 'vsock/4', routes },
      { target: 'vsock/5', address: 'vsock/5', routes: undefined },
    ]);
  });

  it.each([
    { name: 'its own', uid: 0, want: [{ address: '127.0.0.1:2222' }], warnings: [] },
    {
      name: "another user's",
      uid: (process.getuid?.() ?? 0) + 1,
      want: [{ address: undefined }],
      warnings: [{ code: 'FOREIGN' }],
    },
    { name: 'nobody, in this network', uid: undefined, want: [{ address: undefined }], warnings: [] },
  ])('whose forwarded port has $name', async ({ uid, want, warnings }) => {
    const argv = ['qemu-system-x86_64', '-name', 'a', '-nic', 'user,hostfwd=tcp:127.0.0.1:2222-:22'];
    const procDir = fakeProc(dir, [{ argv }]);
    mkdirSync(join(procDir, 'net'));
    const rest = '00000000:0000 0A 00000000:00000000 00:00000000 00000000';
    writeFileSync(
      join(procDir, 'net/tcp'),
      uid === undefined ? '' : `   0: 0100007F:08AE ${rest}  ${uid}        0 1\n`,
    );
    expect(await qemu.list({ env: {}, procDir })).toMatchObject({ found: want, warnings });
  });

  it.each([
    { path: '/run/x/vhost.sock', cwd: '/' },
    { path: 'vhost.sock', cwd: '/run/x' },
  ])('with a vhost-user device at $path have the CID and the socket of its daemon', async ({ path, cwd }) => {
    const device = ['-chardev', `socket,id=v,path=${path}`, '-device', 'vhost-user-vsock-pci,chardev=v'];
    const daemon = [
      'vhost-device-vsock',
      '--guest-cid',
      '43',
      '--socket',
      'vhost.sock',
      '--uds-path',
      'mux.sock',
    ];
    const { found } = await list(
      { argv: ['qemu-system-x86_64', '-name', 'mint', ...device], cwd },
      { argv: daemon, cwd: '/run/x' },
    );
    expect(found).toMatchObject([{ target: 'qemu/mint', cid: 43, address: 'vsock-mux/run/x/mux.sock' }]);
  });
});

describe('vhost-device-vsock', () => {
  it.each([
    {
      name: 'one machine',
      input: ['--uds-path=/a', '--guest-cid=5', '--socket=/s'],
      want: [{ cid: 5, socket: '/s', udsPath: '/a' }],
    },
    {
      name: 'its default CID',
      input: ['--uds-path', '/a', '--socket', '/s'],
      want: [{ cid: 3, socket: '/s', udsPath: '/a' }],
    },
    {
      name: 'several machines',
      input: ['--vm', 'guest-cid=3,socket=/s3,uds-path=/a3', '--vm=guest-cid=4,socket=/s4,uds-path=/a4'],
      want: [
        { cid: 3, socket: '/s3', udsPath: '/a3' },
        { cid: 4, socket: '/s4', udsPath: '/a4' },
      ],
    },
    {
      name: 'a CID that is none',
      input: ['--vm', 'guest-cid=abc,socket=/s,uds-path=/a', '--vm', 'guest-cid=2,uds-path=/b'],
      want: [{ socket: '/s', udsPath: '/a' }, { udsPath: '/b' }],
    },
    { name: 'a configuration file, which is not read', input: ['--config', '/c.yaml'], want: [] },
  ])('with $name', ({ input, want }) => {
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
  ])('with $input', ({ input, want }) => {
    expect(parseCrosvmArgs(['crosvm', ...input])).toEqual(want);
  });

  it('is listed while it runs a machine with a CID', async () => {
    const procDir = fakeProc(
      dir,
      [
        // Processes of its own for devices.
        { argv: ['crosvm', 'run', '--vsock', '7', '--name', 'a'], files: { uid_map: '0 1000 1\n' } },
        { argv: ['crosvm', 'run', '--vsock', '7', '--name', 'a'] },
        { argv: ['crosvm', 'run', '--vsock', '7', '--name', 'a'] },
        { argv: ['crosvm', 'run', 'vmlinux'] },
        { argv: ['crosvm', 'stop', '--vsock', '7'] },
      ],
      { argv: ['vmssh'], files: { uid_map: '0 0 4294967295\n' } },
    );
    const { found } = await crosvm.list({ env: {}, procDir });
    expect(found).toEqual([
      {
        name: 'a',
        target: 'vsock/7',
        status: 'running',
        provider: 'crosvm',
        cid: 7,
        pid: 101,
        address: 'vsock/7',
      },
    ]);
  });
});
