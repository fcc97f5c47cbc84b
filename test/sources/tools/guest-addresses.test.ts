import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { guestsOnly, notLocal, ownAddresses } from '../../../src/sources/tools/guest-addresses.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const procDir = useTempDir();
const deps = { env: {}, procDir, platform: 'linux' as const };

function writeProc(): void {
  mkdirSync(join(procDir, 'net'), { recursive: true });
  writeFileSync(
    join(procDir, 'net/fib_trie'),
    'Local:\n        |-- 192.0.2.0\n           /24 link UNICAST\n        |-- 192.0.2.2\n           /32 host LOCAL\n',
  );
  writeFileSync(join(procDir, 'net/if_inet6'), '20010db8000000000000000000000001 02 40 00 80     eth0\n');
}

it.each([
  ...['127.0.0.1', '127.1.2.3', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::127.0.0.1'],
  ...['0.0.0.0', '::', '169.254.1.1', 'fe80::1', 'FE80::1%eth0', 'febf::1', 'fec0::1', '224.0.0.1'],
  ...['ff02::1', '255.255.255.255', '::ffff:169.254.1.1', '2001:db8::5%lo', 'localhost', 'prod-db', ''],
  ...['127.1', '10.0.0.1:22'],
])('a guest is not at %j', (said) => expect(notLocal(said)).toBe(false));

it.each(['10.0.0.5', '192.0.2.9', 'fd42:99::1', '2001:db8::5', '::ffff:10.0.0.5', '1::', '172.20.1.5'])(
  'a guest may be at %j',
  (said) => expect(notLocal(said)).toBe(true),
);

it('a guest is at none of the addresses of this host, however it writes them', async () => {
  writeProc();
  expect(await ownAddresses(deps)).toEqual(['192.0.2.2', '2001:0db8:0000:0000:0000:0000:0000:0001']);
  const among = (said: readonly string[]) =>
    guestsOnly((isGuests) => said.filter(isGuests), deps, undefined, ['198.51.100.1']);
  expect(await among(['192.0.2.2', '::ffff:192.0.2.2', '::ffff:c000:202'])).toEqual([]);
  expect(await among(['2001:DB8::1', '2001:db8:0::0001', '198.51.100.1'])).toEqual([]);
  expect(await among(['192.0.2.3', '2001:db8::2'])).toEqual(['192.0.2.3', '2001:db8::2']);
});

it('the addresses of this host are those of ifconfig on macOS', async () => {
  const text =
    'lo0: flags=8049\n\tinet 127.0.0.1 netmask 0xff000000\n\tinet6 fe80::1%lo0 prefixlen 64\n\tinet 192.0.2.7 netmask\n';
  const found = await ownAddresses({ env: {}, platform: 'darwin' }, async () => text);
  expect(found).toEqual(['127.0.0.1', 'fe80::1', '192.0.2.7']);
});

it('the addresses of this host are looked for once in a list, and only if a guest says one', async () => {
  let asked = 0;
  const run = async () => {
    asked += 1;
    return '\tinet 192.0.2.7 netmask\n';
  };
  const mac = { env: {}, platform: 'darwin' as const, memo: {} };
  const among = (...said: string[]) => guestsOnly((isGuests) => said.filter(isGuests), mac, run);
  expect([await among(), await among('127.0.0.1', 'x'), asked]).toEqual([[], [], 0]);
  expect([await among('192.0.2.7', '192.0.2.8'), await among('192.0.2.7')]).toEqual([['192.0.2.8'], []]);
  expect(asked).toBe(1);
});
