import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sshNames, viaMachine, writtenHosts } from '../../src/book/same.js';

import { formatState, noState } from '../../src/book/state.js';
import { concreteHosts } from '../../src/hosts/hosts.js';
import { parseTarget } from '../../src/kinds/kinds.js';
import type { ListedMachine } from '../../src/sources/merge.js';
import type { ViaTarget } from '../../src/typed/target.js';
import { useTempDir } from '../helpers/temp-dir.js';

const uuid = '11111111-2222-4333-8444-555555555555';
const machine = (name: string, target: string, more: Partial<ListedMachine> = {}): ListedMachine => ({
  name,
  target,
  status: 'running',
  provider: target.split('/')[0] ?? '',
  also: [],
  ...more,
});

/** The Hosts of these machines. */
function hostsFor(machines: readonly ListedMachine[]) {
  return concreteHosts(machines, { prefix: 'vm-', taken: () => undefined, knownHosts: '~/k' }).entries;
}

describe('the names that ssh takes', () => {
  const all = [
    ...[machine('web', 'machine/web', { uuid }), machine("it's 100% proxy", "machine/it's 100% proxy")],
    ...[machine('Größe', 'lima/Größe'), machine('twice', 'incus/twice'), machine('twice', 'lima/twice')],
  ];
  const want = ['vm-web', 'vm-it-s-100-proxy', 'vm-Größe', 'vm-twice-incus', 'vm-twice-lima'];

  it('are the Hosts of config install', () => {
    const names = sshNames(hostsFor(all), all);
    expect(all.map((each) => names.get(each))).toEqual(want);
  });

  it('are of the machine that the Host leads to, whoever lists it', () => {
    const domain = machine('web', 'qemu/web', { also: ['machine/web'] });
    const other = machine('web', 'lima/web');
    const names = sshNames(hostsFor(all), [domain, other]);
    expect([names.get(domain), names.get(other)]).toEqual(['vm-web', undefined]);
  });

  it('are none without Hosts', () => {
    expect(sshNames([], all).size).toBe(0);
  });

  it('are none for two machines that one Host may lead to', () => {
    const [web] = all;
    expect(web && sshNames(hostsFor([web]), [web, { ...web }]).size).toBe(0);
  });
});

describe('a machine of another hypervisor', () => {
  const dir = useTempDir();
  const uuids = ['1', '2', '3', '4'].map((digit) => `${digit.repeat(8)}-2222-4333-8444-555555555555`);
  const behind = (via: string, there: string, id?: string) =>
    machine(there.split('/')[1] ?? '', `via/${via}/${there}`, {
      provider: there.split('/')[0] ?? '',
      via,
      uuid: id,
    });
  const { entries } = concreteHosts(
    [
      behind('hv1', 'machine/Web', uuids[0]),
      behind('hv2', 'machine/Web', uuids[1]),
      behind('hv1', 'qemu/twice', uuids[2]),
      behind('hv1', 'incus/twice', uuids[3]),
      behind('hv1', 'machine/anonymous'),
    ],
    { prefix: '', dots: true, taken: () => undefined, knownHosts: '~/k' },
  );

  it.each<{ typed: string; uuid?: string | undefined }>([
    { typed: 'via/hv1/web', uuid: uuids[0] },
    { typed: 'via/HV1/Web', uuid: uuids[0] },
    { typed: 'via%hv1%machine%Web', uuid: uuids[0] },
    { typed: 'via/hv2/web', uuid: uuids[1] },
    { typed: `via/hv1/${uuids[0]}`, uuid: uuids[0] },
    { typed: 'via/hv1/qemu/twice', uuid: uuids[2] },
    ...[uuids[1], 'twice', 'anonymous', 'via/hv2/web', 'unix/Web'].map((name) => ({
      typed: `via/hv1/${name}`,
    })),
    { typed: 'via/hv3/web' },
  ])('$typed is the machine of the written Host: $uuid', ({ typed, uuid }) => {
    expect(viaMachine(parseTarget(typed) as ViaTarget, entries)?.uuid).toBe(uuid);
  });

  it("is read from the state of the user's own home", async () => {
    mkdirSync(join(dir, '.local/state/vmssh'), { recursive: true, mode: 0o700 });
    writeFileSync(join(dir, '.local/state/vmssh/hosts.json'), formatState({ ...noState, machines: entries }));
    const target = parseTarget('via/hv1/web') as ViaTarget;
    const found = async (HOME: string) => viaMachine(target, await writtenHosts({ env: { HOME } }));
    expect(await found(dir)).toEqual({
      name: 'via/hv1/web',
      target: 'via/hv1/machine/Web',
      status: 'unknown',
      provider: 'via',
      also: [],
      via: 'hv1',
      uuid: uuids[0],
    });
    expect(await found(join(dir, 'none'))).toBeUndefined();
  });
});
