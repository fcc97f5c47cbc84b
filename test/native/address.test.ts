import type { Address } from 'node-hvsock-native';
import { expect, it } from 'vitest';
import { rowsOf } from '../helpers/tables/rows.js';
import { addon, describeAddon } from './support/addon.js';

const path107 = `/${'x'.repeat(106)}`;
const v6Tail = (last: number) => `${'00'.repeat(15)}${last.toString(16).padStart(2, '0')}`;

const cases: Record<string, { address: Address; want: string }> = {
  'a path ends in a NUL': { address: { family: 'unix', path: '/run/x' }, want: `0100${hex('/run/x')}00` },
  'a path of 107 bytes': { address: { family: 'unix', path: path107 }, want: `0100${hex(path107)}00` },
  'bytes count, not letters': { address: { family: 'unix', path: 'ä' }, want: '0100c3a400' },
  // struct sockaddr_vm: family, reserved, port, cid, all in host order, and 4 bytes of flags and padding
  vsock: {
    address: { family: 'vsock', cid: 3, port: 22 },
    want: '28000000' + '16000000' + '03000000' + '00000000',
  },
  'the largest cid and port': {
    address: { family: 'vsock', cid: 0xffffffff, port: 0xfffffffe },
    want: '28000000' + 'feffffff' + 'ffffffff' + '00000000',
  },
  IPv4: {
    address: { family: 'inet', host: '127.0.0.1', port: 2222 },
    want: `020008ae7f000001${'00'.repeat(8)}`,
  },
  IPv6: { address: { family: 'inet', host: '::1', port: 22 }, want: `0a00001600000000${v6Tail(1)}00000000` },
  'IPv6 with an interface number': {
    address: { family: 'inet', host: 'fe80::1%7', port: 22 },
    want: `0a00001600000000fe80${v6Tail(1).slice(4)}07000000`,
  },
  'IPv6 with an interface name': {
    address: { family: 'inet', host: 'fe80::1%lo', port: 22 },
    want: `0a00001600000000fe80${v6Tail(1).slice(4)}01000000`,
  },
};

const mistakes: Record<string, { address: unknown; code?: string; message: string }> = {
  'an empty path': { address: { family: 'unix', path: '' }, message: 'must not be empty' },
  'a NUL in a path': { address: { family: 'unix', path: '/a\0b' }, message: 'NUL character' },
  'a path of 108 bytes': {
    address: { family: 'unix', path: `${path107}x` },
    code: 'ENAMETOOLONG',
    message: 'at most 107 bytes, received 108: "/xxx',
  },
  'a host name': {
    address: { family: 'inet', host: 'localhost', port: 22 },
    message: 'address.host must be a numeric IPv4 or IPv6 address, received "localhost"',
  },
  'an unknown interface': {
    address: { family: 'inet', host: 'fe80::1%nope0', port: 22 },
    message: 'no network interface "nope0"',
  },
  'a port that does not fit': {
    address: { family: 'inet', host: '::1', port: 65536 },
    message: 'address.port must be a whole number from 0 to 65535, received 65536',
  },
  'a cid that does not fit': {
    address: { family: 'vsock', cid: 4294967296, port: 22 },
    message: 'address.cid must be a whole number from 0 to 4294967295, received 4294967296',
  },
  'Hyper-V on linux': {
    address: { family: 'hyper-v', vmId: '0'.repeat(36), serviceId: '0'.repeat(36) },
    code: 'EAFNOSUPPORT',
    message: 'AF_HYPERV is not available on linux',
  },
  'an unknown family': {
    address: { family: 'tcp', host: '::1', port: 1 },
    message: 'address.family must be "unix", "vsock", "inet" or "hyper-v", received "tcp"',
  },
};

describeAddon('sockaddr', () => {
  it.each(rowsOf(cases))('$name', ({ address, want }) => {
    expect(Buffer.from(addon.sockaddr(address)).toString('hex')).toBe(want);
  });

  it.each(rowsOf(mistakes))('refuses $name', ({ address, code = 'EINVAL', message }) => {
    expect(() => addon.sockaddr(address as Address)).toThrow(
      expect.objectContaining({ code, syscall: 'sockaddr', message: expect.stringContaining(message) }),
    );
  });
});

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}
