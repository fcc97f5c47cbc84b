import { expect, it } from 'vitest';
import { anyIpv4, isLoopback, plainIp } from '../../src/typed/names.js';

it.each([
  ...['127.0.0.1', '127.1.2.3', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::FFFF:7f00:1', 'LocalHost'],
])('%s is this host', (host) => expect(isLoopback(host)).toBe(true));

it.each(['127.example.org', '128.0.0.1', '1127.0.0.1', '::2', '::', 'localhost.example.org', '', '127.0.0'])(
  '%s may be another host',
  (host) => expect(isLoopback(host)).toBe(false),
);

it.each([
  ['FE80::0001%eth0', 'fe80:0:0:0:0:0:0:1%eth0'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::', '::'],
  ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  [':::1', ':::1'],
  ['1:2:3:4:5:6:7:8::', '1:2:3:4:5:6:7:8::'],
  ['::1.2.3.04', '::1.2.3.04'],
  ['Web.Example', 'web.example'],
])('%s is compared as %s', (address, plain) => expect(plainIp(address)).toBe(plain));

it.each([
  ['127.0.0.1', '127.0.0.1'],
  ['127.1', '127.0.0.1'],
  ['0x7F.1', '127.0.0.1'],
  ['0177.0.0.01', '127.0.0.1'],
  ['2130706433', '127.0.0.1'],
  ['10.1.257', '10.1.1.1'],
  ['0', '0.0.0.0'],
  ['4294967295', '255.255.255.255'],
])('%s is read by ssh as the IPv4 address %s', (host, ip) => expect(anyIpv4(host)).toBe(ip));

it.each(['4294967296', '256.1', '1.2.3.256', '089', '1.2.3.4.5', '127.1.', '', 'web', '::1'])(
  '"%s" is no IPv4 address for ssh',
  (host) => expect(anyIpv4(host)).toBeUndefined(),
);
