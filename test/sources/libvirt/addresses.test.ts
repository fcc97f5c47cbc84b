import { expect, it } from 'vitest';
import { domainAddresses, parseAddresses } from '../../../src/sources/libvirt/libvirt.js';
import type { DiscoveredDomain } from '../../../src/sources/libvirt/source.js';
import type { Deps } from '../../../src/sources/source.js';

/** As virsh 9 prints it with --quiet. */
const lease = ` vnet0      52:54:00:4f:57:1a    ipv6         fd00::12/128
 -          -                    ipv4         192.168.122.45/24
 vnet1      52:54:00:4f:57:1b    ipv4         169.254.3.4/16
 vnet1      52:54:00:4f:57:1b    ipv6         fe80::5054:ff:fe4f:571b/64
`;
const domain: DiscoveredDomain = {
  name: 'mint',
  target: 'qemu/mint',
  status: 'running',
  provider: 'libvirt',
  uuid: '86e0c1e9-782c-47e0-b7c2-99f8167f5178',
  scope: 'system',
};

it('the addresses of a domain are read from the last column, IPv4 first, without those of a link', () => {
  expect(parseAddresses(lease)).toEqual(['192.168.122.45', 'fd00::12']);
  expect(parseAddresses('')).toEqual([]);
  expect(parseAddresses('vnet0 - ipv4 127.0.0.1/8 ::1/128 169.254.1.1/16')).toEqual([]);
  expect(parseAddresses('vnet0 - ipv4 \u001b[31m1.2.3.4/24 999.1.1.1/8 x/24')).toEqual([]);
});

it('libvirt is asked for its leases, and then for those that this host has talked to, by the read-only connection', async () => {
  const asked: (readonly string[])[] = [];
  const limits: number[] = [];
  const run = async (program: string, args: readonly string[], { timeoutMs = 0 }: Deps) => {
    asked.push([program, ...args]);
    limits.push(timeoutMs);
    return args.includes('arp') ? ' vnet0 52:54:00:4f:57:1a ipv4 192.0.2.7/0\n' : '';
  };
  expect(await domainAddresses(domain, { env: {}, timeoutMs: 5000 }, run)).toEqual(['192.0.2.7']);
  const command = ['virsh', '--readonly', '--quiet', '--connect', 'qemu:///system', 'domifaddr', domain.uuid];
  expect(asked).toEqual([
    [...command, '--source', 'lease'],
    [...command, '--source', 'arp'],
  ]);
  expect(Math.max(...limits)).toBeLessThanOrEqual(5000);
  expect(limits[1]).toBeLessThanOrEqual(limits[0] ?? 0);
});
