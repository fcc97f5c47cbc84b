import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { loopbackKeysChange, withoutKey } from '../../../src/hosts/loopback/known-hosts.js';
import { type HostEntry, type HostState, noState } from '../../../src/ssh/config/state.js';
import { guestAlias, guestFolder, guestKeyFiles } from '../../../src/ssh/guest-keys.js';
import { useConfigHome } from '../../commands/config/home.js';

const home = useConfigHome();
const uuid = '01234567-89ab-4def-8123-456789abcdef';

const entry = (name: string, loopback: number | undefined, more: Partial<HostEntry> = {}): HostEntry => ({
  ...{ host: name, name, target: `qemu/${name}`, provider: 'qemu', seen: '2026-01-31' },
  ...(loopback === undefined ? {} : { loopback }),
  ...more,
});
const state = (machines: readonly HostEntry[], loopback: 'own' | undefined = 'own'): HostState => ({
  ...noState,
  options: { ...noState.options, loopback },
  machines,
});

const machines = [
  entry('known', 29_201),
  entry('new', 29_202),
  entry('portless', undefined),
  entry('revoked', 29_203),
  entry('made', 29_204),
  entry('made', 29_205, { host: 'made-there', target: 'via/hv1/made', via: 'hv1', uuid }),
];

beforeEach(() => {
  const { env } = home.io();
  mkdirSync(join(home.own, '..'), { recursive: true });
  writeFileSync(
    join(home.own, '../vmssh_known_hosts'),
    [
      'vmssh-qemu%known ssh-ed25519 AAAAknown',
      'vmssh-qemu%revoked ssh-ed25519 AAAArevoked',
      '@revoked vmssh-qemu%revoked ssh-ed25519 AAAArevoked',
      '',
    ].join('\n'),
  );
  const folder = guestFolder('made', env);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, guestKeyFiles.name), 'made\n');
  writeFileSync(join(folder, guestKeyFiles.knownHosts), `${guestAlias('made')} ssh-ed25519 AAAAmade\n`);
});

it('gives each port the key that ssh knows, and of a guest of this host the one that was made for it', async () => {
  const change = await loopbackKeysChange(state(machines), home.io());
  expect(change?.after).toBe(
    [
      '[127.0.0.1]:29201 ssh-ed25519 AAAAknown vmssh-loopback',
      '[127.0.0.1]:29204 ssh-ed25519 AAAAmade vmssh-loopback',
      '',
    ].join('\n'),
  );
});

it('has ssh meet only machines with a port whose key it would not know, and none whose key was made', async () => {
  const hosts = (await withoutKey(state(machines), home.io().env)).map(({ host }) => host);
  expect(hosts).toEqual(['new', 'revoked', 'made-there']);
  writeFileSync(join(guestFolder('made', home.io().env), guestKeyFiles.knownHosts), '');
  expect((await withoutKey(state(machines), home.io().env)).map(({ host }) => host)).toEqual(hosts);
});

it('has no keys and asks for none without loopback ports', async () => {
  expect(await withoutKey(state([entry('new', undefined)], undefined), home.io().env)).toEqual([]);
  expect(await loopbackKeysChange(state([entry('known', undefined)], undefined), home.io())).toBeUndefined();
});
