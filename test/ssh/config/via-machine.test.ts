import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ListedMachine } from '../../../src/discovery/merge.js';
import { parseTarget } from '../../../src/kinds/parse.js';
import { grouped } from '../../../src/ssh/config/grouped/group.js';
import { concreteHosts } from '../../../src/ssh/config/hosts.js';
import { configText } from '../../../src/ssh/config/text.js';
import { sharedNames, viaMachine, writtenMachine } from '../../../src/ssh/config/via-machine.js';
import type { ViaTarget } from '../../../src/target/target.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const uuids = ['1', '2', '3'].map((digit) => `${digit.repeat(8)}-2222-4333-8444-555555555555`);
const machine = (via: string, there: string, uuid?: string): ListedMachine => ({
  ...{ name: there.split('/')[1] ?? '', target: `via/${via}/${there}`, status: 'running', also: [] },
  ...{ provider: there.split('/')[0] ?? '', via, uuid },
});
const { hosts } = concreteHosts(
  [
    machine('hv1', 'machine/Web', uuids[0]),
    machine('hv2', 'machine/Web', uuids[1]),
    machine('hv1', 'qemu/twice', uuids[2]),
    machine('hv1', 'incus/twice', uuids[1]),
    machine('hv1', 'machine/anonymous'),
  ],
  { prefix: '', dots: true, taken: new Set(), knownHosts: '~/k' },
);
const file = configText({ program: ['/usr/bin/vmssh'], fdpass: true, hosts });

it.each([
  { typed: 'via/hv1/web', uuid: uuids[0] },
  { typed: 'via/HV1/Web', uuid: uuids[0] },
  { typed: 'via%hv1%machine%Web', uuid: uuids[0] },
  { typed: 'via/hv2/web', uuid: uuids[1] },
  { typed: 'via/hv1/qemu/twice', uuid: uuids[2] },
  { typed: 'via/hv1/twice', uuid: undefined },
  { typed: 'via/hv1/anonymous', uuid: undefined },
  { typed: 'via/hv3/web', uuid: undefined },
  { typed: 'via/hv1/via/hv2/web', uuid: undefined },
  { typed: 'via/hv1/unix/Web', uuid: undefined },
])('$typed is the machine of the written Host: $uuid', ({ typed, uuid }) => {
  expect(viaMachine(parseTarget(typed) as ViaTarget, file, 'linux')?.uuid).toBe(uuid);
});

describe('the names in known_hosts of a machine in a block of many', () => {
  const dir = useTempDir();
  const env = { HOME: dir };
  const many = Array.from({ length: 6 }, (_, at) =>
    machine('hv1', `machine/m${at}`, `11111111-2222-4333-8444-00000000000${at}`),
  );
  const made = concreteHosts(many, { prefix: '', taken: new Set(), knownHosts: '~/k' });
  const text = grouped(
    configText({ program: ['/usr/bin/vmssh'], fdpass: true, hosts: made.hosts }),
    '/own',
    2,
  );
  const names = (at: number) => [
    `vmssh-11111111-2222-4333-8444-00000000000${at}`,
    `m${at}.hv1`,
    ...[`via/hv1/m${at}`, `via%hv1%m${at}`],
    ...[`via/hv1/machine/m${at}`, `via%hv1%machine%m${at}`],
  ];

  mkdirSync(join(dir, '.ssh'), { mode: 0o700 });
  writeFileSync(join(dir, '.ssh/vmssh.conf'), text, { mode: 0o600 });

  it('are all of them, found by any in any case', async () => {
    expect(await sharedNames(['m3.hv1'], { HOME: join(dir, 'none') })).toEqual([]);
    const found = await sharedNames(['M3.HV1'], env);
    expect(found).toEqual(names(3));
    expect(await sharedNames([names(3)[0] ?? ''], env)).toEqual(found);
    expect(await sharedNames(['m9.hv1', 'm4.hv1', 'm3.hv1'], env)).toHaveLength(2 * found.length);
    expect(await sharedNames(['other'], env)).toEqual([]);
    expect(await sharedNames([], env)).toEqual([]);
  });

  it('are those of the machine that a target means', async () => {
    const target = parseTarget('via/hv1/m3') as ViaTarget;
    expect(await writtenMachine(target, { env, platform: 'linux' })).toMatchObject({
      ...{
        name: 'via/hv1/m3',
        target: 'via/hv1/m3',
        status: 'unknown',
        provider: 'via',
        also: [],
        via: 'hv1',
      },
      ...{
        uuid: '11111111-2222-4333-8444-000000000003',
        keptAs: (await sharedNames(['m3.hv1'], env)).slice(1),
      },
    });
    expect(
      await writtenMachine(target, { env: { HOME: join(dir, 'none') }, platform: 'linux' }),
    ).toBeUndefined();
  });
});
