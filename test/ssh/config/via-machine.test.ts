import { expect, it } from 'vitest';
import type { ListedMachine } from '../../../src/discovery/merge.js';
import { parseTarget } from '../../../src/kinds/parse.js';
import { concreteHosts } from '../../../src/ssh/config/hosts.js';
import { configText } from '../../../src/ssh/config/text.js';
import { viaMachine } from '../../../src/ssh/config/via-machine.js';
import type { ViaTarget } from '../../../src/target/target.js';

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
