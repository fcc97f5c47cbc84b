import { describe, expect, it } from 'vitest';
import type { ListedMachine } from '../../../src/sources/merge.js';
import { loginOf, type MachineLogin } from '../../../src/ssh/config/logins.js';

const id = (digit: number) => `${String(digit).repeat(8)}-2222-4333-8444-555555555555`;
const machine = (target: string, uuid: string | undefined, more: Partial<ListedMachine> = {}) => ({
  ...{ name: 'x', target, status: 'running', provider: 'podman', also: [], uuid },
  ...more,
});
const dev: MachineLogin = { target: 'podman/dev', uuid: id(1), user: 'kim', brings: true };
const other: MachineLogin = { target: 'podman/web', uuid: id(2), user: 'ann' };

describe('the login that setup made for a machine', () => {
  it.each([
    { name: 'is its own', own: machine('podman/dev', id(1)), want: 'kim' },
    { name: 'stays when the container is made again', own: machine('podman/dev', id(3)), want: 'kim' },
    { name: 'stays when its source says no UUID', own: machine('podman/dev', undefined), want: 'kim' },
    { name: 'goes with its UUID', own: machine('qemu/new', id(1)), want: 'kim' },
    {
      name: "is no other one's while the machine is listed under another name",
      own: machine('podman/dev', id(3)),
      more: [machine('podman/old', id(1))],
      want: undefined,
    },
    {
      name: 'goes with the UUID when two swap their names',
      own: machine('podman/dev', id(2)),
      more: [machine('podman/web', id(1))],
      want: 'ann',
    },
    {
      name: 'stays that of the machine whose UUID a copy has',
      own: machine('podman/copy', id(1)),
      more: [machine('podman/dev', id(1))],
      want: undefined,
    },
    {
      name: "is not lost to another user's machine with the UUID",
      own: machine('podman/dev', id(3)),
      more: [machine('qemu/evil', id(1), { authority: 'other' })],
      want: 'kim',
    },
    {
      name: "is none of another user's machine",
      own: machine('qemu/evil', id(1), { authority: 'other' }),
      want: undefined,
    },
    {
      name: "is none of another hypervisor's machine with the UUID",
      own: machine('via/hv1/podman/dev', id(1), { via: 'hv1' }),
      want: undefined,
    },
  ])('$name', ({ own, more = [], want }) => {
    expect(loginOf(own, [dev, other], [own, ...more])?.user).toBe(want);
  });
});
