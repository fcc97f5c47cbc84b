import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseTarget } from '../../../src/kinds/parse.js';
import type { ListedMachine } from '../../../src/sources/merge.js';
import { concreteHosts } from '../../../src/ssh/config/hosts.js';
import { viaMachine, writtenMachine } from '../../../src/ssh/config/names.js';
import { formatState, noState } from '../../../src/ssh/config/state.js';
import type { ViaTarget } from '../../../src/target/target.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const uuids = ['1', '2', '3', '4'].map((digit) => `${digit.repeat(8)}-2222-4333-8444-555555555555`);
const machine = (via: string, there: string, uuid?: string): ListedMachine => ({
  name: there.split('/')[1] ?? '',
  target: `via/${via}/${there}`,
  status: 'running',
  also: [],
  provider: there.split('/')[0] ?? '',
  via,
  uuid,
});
const { entries } = concreteHosts(
  [
    machine('hv1', 'machine/Web', uuids[0]),
    machine('hv2', 'machine/Web', uuids[1]),
    machine('hv1', 'qemu/twice', uuids[2]),
    machine('hv1', 'incus/twice', uuids[3]),
    machine('hv1', 'machine/anonymous'),
  ],
  { prefix: '', dots: true, taken: () => undefined, knownHosts: '~/k' },
);

it.each([
  { typed: 'via/hv1/web', uuid: uuids[0] },
  { typed: 'via/HV1/Web', uuid: uuids[0] },
  { typed: 'via%hv1%machine%Web', uuid: uuids[0] },
  { typed: 'via/hv2/web', uuid: uuids[1] },
  { typed: `via/hv1/${uuids[0]}`, uuid: uuids[0] },
  { typed: `via/hv1/${uuids[1]}`, uuid: undefined },
  { typed: 'via/hv1/qemu/twice', uuid: uuids[2] },
  { typed: 'via/hv1/twice', uuid: undefined },
  { typed: 'via/hv1/anonymous', uuid: undefined },
  { typed: 'via/hv3/web', uuid: undefined },
  { typed: 'via/hv1/via/hv2/web', uuid: undefined },
  { typed: 'via/hv1/unix/Web', uuid: undefined },
])('$typed is the machine of the written Host: $uuid', ({ typed, uuid }) => {
  expect(viaMachine(parseTarget(typed) as ViaTarget, entries)?.uuid).toBe(uuid);
});

it("is read from the state of the user's own home", async () => {
  mkdirSync(join(dir, '.local/state/vmssh'), { recursive: true, mode: 0o700 });
  writeFileSync(join(dir, '.local/state/vmssh/hosts.json'), formatState({ ...noState, machines: entries }));
  const target = parseTarget('via/hv1/web') as ViaTarget;
  const found = (HOME: string) => writtenMachine(target, { env: { HOME } });
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
