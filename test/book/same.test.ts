import { describe, expect, it } from 'vitest';
import { keptFor, writtenAt } from '../../src/book/same.js';
import type { ListedMachine } from '../../src/sources/merge.js';
import { vmIds } from '../../src/typed/numbers.js';

const id = (digit: number) =>
  digit === 0 ? vmIds.ZERO : `${String(digit).repeat(8)}-2222-4333-8444-555555555555`;
const machine = (target: string, uuid: string | undefined, more: Partial<ListedMachine> = {}) => ({
  ...{ name: 'x', target, status: 'running', provider: 'podman', also: [], uuid },
  ...more,
});
const dev = { target: 'podman/dev', uuid: id(1), user: 'kim' };
const far = { target: 'via/hv1/podman/far', uuid: id(4), user: 'eve' };
const none = { target: 'qemu/none', uuid: id(0), user: 'joe' };
const other = { target: 'podman/web', uuid: id(2), user: 'ann' };

type Owner = ReturnType<typeof machine>;

describe('what is kept for a machine', () => {
  const others = { authority: 'other' } as const;
  const another = "is no other one's while the machine is listed under another name";
  it.each<[name: string, want: string | undefined, own: Owner, more?: Owner]>([
    ['is its own', 'kim', machine('podman/dev', id(1))],
    ['stays when the container is made again', 'kim', machine('podman/dev', id(3))],
    ['stays when its source says no UUID', 'kim', machine('podman/dev', undefined)],
    ['goes with its UUID', 'kim', machine('qemu/new', id(1))],
    [another, undefined, machine('podman/dev', id(3)), machine('podman/old', id(1))],
    ['follows the UUID if two swap names', 'ann', machine('podman/dev', id(2)), machine('podman/web', id(1))],
    [
      'is not that of a copy with the UUID',
      undefined,
      machine('podman/copy', id(1)),
      machine('podman/dev', id(1)),
    ],
    [
      "is not lost to another user's",
      'kim',
      machine('podman/dev', id(3)),
      machine('qemu/evil', id(1), others),
    ],
    [
      'is not that of a second machine of its target',
      undefined,
      machine('podman/dev', id(3)),
      machine('podman/dev', id(1)),
    ],
    ['does not go with a UUID of zeros', undefined, machine('qemu/new', id(0))],
    ["is none of another user's machine", undefined, machine('qemu/evil', id(1), others)],
    ['is none of two copies with the UUID', undefined, machine('qemu/a', id(1)), machine('qemu/b', id(1))],
    ["is none of another hypervisor's", undefined, machine('via/hv1/podman/dev', id(1), { via: 'hv1' })],
    ['is that of its target there', 'eve', machine('via/hv1/podman/far', id(5), { via: 'hv1' })],
    [
      'is no machine of this host by a UUID that another hypervisor says',
      undefined,
      machine('qemu/x', id(4)),
    ],
  ])('$0', (_name, want, own, more) => {
    const listed = more ? [own, more] : [own];
    expect(keptFor([dev, other, far, none], listed)(own)?.user).toBe(want);
  });

  it('is still its own where the listing is from before it was made again', () =>
    expect(keptFor([dev], [machine('podman/dev', id(1))])(machine('podman/dev', id(3)))?.user).toBe('kim'));
});

describe('the machine with a Host that a target means', () => {
  const entry = (host: string, target: string, more: object = {}) => {
    const via = /^via\/([^/]+)\//.exec(target)?.[1];
    return {
      host,
      name: host.replace('.hv1', ''),
      target,
      provider: 'libvirt',
      ...(via ? { via } : {}),
      ...more,
    };
  };
  const gone = { gone: '2026-03-02' };
  const all = [
    entry('web', 'qemu/web', { also: ['machine/web'], uuid: id(1) }),
    ...[entry('half', 'qemu/50% off'), entry('old', 'qemu/web', gone), entry('lost', 'qemu/lost', gone)],
    ...[entry('copy', 'qemu/copy', { uuid: id(2) }), entry('copy2', 'qemu/copy2', { uuid: id(2) })],
    ...[entry('zero', 'qemu/zero', { uuid: id(0) }), entry('vm', 'hyper-v/vm', { uuid: id(3) })],
    ...[entry('far.hv1', 'via/hv1/qemu/far', { uuid: id(4) }), entry('half.hv1', 'via/hv1/qemu/50% off')],
    entry('deep.hv1', 'via/hv1/via/hv2/podman/deep', { uuid: id(5) }),
    ...[
      entry('two.hv1', 'via/hv1/qemu/two'),
      entry('two-podman.hv1', 'via/hv1/via/hv2/podman/two', { name: 'two' }),
    ],
  ];
  it.each([
    ...['qemu/web', 'qemu%web', 'QEMU/web', 'machine%web', id(1), id(1).toUpperCase()].map((typed) => [
      typed,
      'web',
    ]),
    ...['qemu/50% off', 'qemu%50% off'].map((typed) => [typed, 'half']),
    ...['via/hv1/qemu/50% off', 'via%hv1%qemu%50% off'].map((typed) => [typed, 'half.hv1']),
    ...[id(3), `hyper-v/${id(3)}`, `HYPER-V%${id(3).toUpperCase()}`].map((typed) => [typed, 'vm']),
    ...['VIA/HV1/FAR', 'via%hv1%QEMU%far', `via/hv1/${id(4).replaceAll('-', '')}`].map((typed) => [
      typed,
      'far.hv1',
    ]),
    ...[
      'via/hv1/via/hv2/deep',
      'VIA/HV1/VIA/HV2/DEEP',
      'via%hv1%via%hv2%podman%deep',
      `via/hv1/via/hv2/${id(5)}`,
    ].map((typed) => [typed, 'deep.hv1']),
    ...['via/hv1/two', 'via/HV1/qemu/two'].map((typed) => [typed, 'two.hv1']),
    ['via/hv1/via/hv2/two', 'two-podman.hv1'],
    ...[
      ['via/hv1/via/hv3/deep'],
      // It would be hv1's own machine of the name, which may have no Host yet.
      ['via/hv1/deep'],
      ['via/hv2/deep'],
      ['qemu/lost', 'lost'],
      ['qemu/Web'],
      ['web'],
      [id(0)],
      [id(2)],
      [id(4)],
      [`via/hv1/${id(1)}`],
      ['via/hv2/far'],
    ],
  ])('%s is %s', (typed = '', want) => expect(writtenAt(typed, all)?.host).toBe(want));
});
