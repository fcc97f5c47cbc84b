import { describe, expect, it } from 'vitest';
import { parseQemuArgs, type QemuMachine } from '../../../src/discovery/vmm/qemu-args.js';
import { fixture } from '../fixture.js';

const uuid = '11111111-2222-4333-8444-555555555555';

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
    { name: 'broken JSON', input: ['-device', '{"driver":"vhost-vsock-pci"'], want: {} },
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
      input: [
        '-id',
        '100',
        '-name',
        'web,debug-threads=on',
        '-no-shutdown',
        '-smbios',
        `type=1,uuid=${uuid}`,
      ],
      want: { name: 'web', uuid },
    },
    { name: 'a UUID without dashes', input: ['-uuid', uuid.replaceAll('-', '')], want: { uuid } },
    { name: 'a UUID that is none', input: ['-name', 'a', '-uuid', 'x'.repeat(36)], want: { name: 'a' } },
    { name: 'a text of the firmware', input: ['-smbios', 'type=11,value=x,uuid=y'], want: {} },
    {
      name: 'a forwarded port, as quickemu has it',
      input: ['-name', 'a,process=a', '-netdev', 'user,hostname=a,id=nic,hostfwd=tcp::22220-:22'],
      want: { name: 'a', forwarded: '127.0.0.1:22220' },
    },
  ])('with $name', ({ input, want }) => {
    expect(parseQemuArgs(['qemu-system-x86_64', ...input])).toEqual(want);
  });

  it.each([
    { input: ['-nic', 'user,hostfwd=tcp:192.0.2.1:2222-10.0.2.15:22'], want: '192.0.2.1:2222' },
    { input: ['-net', 'nic', '-net', 'user,hostfwd=:0.0.0.0:2222-:22'], want: '127.0.0.1:2222' },
    { input: ['-nic', 'user,hostfwd=tcp::8080-:80,hostfwd=tcp::2222-:22'], want: '127.0.0.1:2222' },
    { input: ['-netdev', '{"type":"user","hostfwd":[{"str":"tcp::2222-:22"}]}'], want: '127.0.0.1:2222' },
    { input: ['-nic', 'user,hostfwd=tcp::0-:22'], want: undefined },
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
    expect(parseQemuArgs(argv)).toEqual({ name: 'debian', forwarded: '127.0.0.1:22221' });
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
