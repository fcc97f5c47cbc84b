import { describe, expect, it } from 'vitest';
import { keptFor } from '../../src/book/same.js';
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
