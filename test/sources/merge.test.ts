import { describe, expect, it } from 'vitest';
import { mergeMachines } from '../../src/sources/merge.js';
import { routesTo } from '../../src/sources/routes.js';
import type { DiscoveredMachine } from '../../src/sources/source.js';

const machine = (i: number, more: Partial<DiscoveredMachine> = {}): DiscoveredMachine => ({
  name: `m${i}`,
  target: `incus/m${i}`,
  status: 'running',
  provider: 'incus',
  uuid: `u${i}`,
  ...more,
});
const other = (i: number, more: Partial<DiscoveredMachine> = {}) =>
  machine(i, { provider: 'libvirt', ...more });

// What takes a step for each pair of so many takes minutes.
const many = 40_000;
const numbers = Array.from({ length: many }, (_, i) => i);

describe('machines of several providers', () => {
  it.each<{ name: string; second: (i: number) => DiscoveredMachine; want: number }>([
    { name: 'of one provider', second: (i) => machine(i + many), want: 2 * many },
    { name: 'known by their UUID', second: (i) => other(i), want: many },
    { name: 'known by their process', second: (i) => other(i, { uuid: undefined, pid: i }), want: many },
    { name: 'known by name and CID', second: (i) => other(i, { uuid: undefined, cid: i + 3 }), want: many },
  ])('are merged, however many they are: $name', ({ second, want }) => {
    const first = numbers.map((i) => machine(i, { pid: i, cid: i + 3 }));
    expect(mergeMachines([...first, ...numbers.map(second)])).toHaveLength(want);
  });

  it('have the address that a later one knows', () => {
    const known = other(1, { target: 'qemu/m1' });
    const routes = routesTo(['vsock/9']);
    const process = machine(1, { provider: 'qemu', target: 'qemu/m1', cid: 9, routes });
    expect(mergeMachines([known, process])).toEqual([{ ...known, cid: 9, routes, also: [] }]);
  });

  it('with the same name and CID are distinguished by UUID', () => {
    const alike = { name: 'a', cid: 3 };
    const first = numbers.map((i) => machine(i, alike));
    const second = numbers.map((i) => other(i + many, alike));
    const third = numbers.map((i) =>
      machine(i, { ...alike, uuid: undefined, provider: 'qemu', target: `t${i}` }),
    );
    // Nobody can tell which of them each of the third is.
    expect(mergeMachines([...first, ...second, ...third])).toHaveLength(3 * many);
  });

  const uuid = '11111111-2222-4333-8444-555555555555';
  const alike = (provider: string, more: Partial<DiscoveredMachine> = {}) =>
    machine(1, { name: 'web', provider, target: `${provider}/web`, uuid, ...more });
  it.each<{ name: string; found: readonly DiscoveredMachine[]; want: readonly (readonly string[])[] }>([
    {
      name: "another user's instance with the UUID of one's own container",
      found: [alike('incus', { authority: 'other' }), alike('podman', { authority: 'user' })],
      want: [['incus/web'], ['podman/web']],
    },
    {
      name: "two other users' machines",
      found: [alike('incus', { authority: 'other' }), alike('qemu', { authority: 'other', pid: 5 })],
      want: [['incus/web'], ['qemu/web']],
    },
    {
      name: "another user's process, even by its pid",
      found: [alike('machined', { pid: 5 }), alike('qemu', { authority: 'other', pid: 5 })],
      want: [['machined/web'], ['qemu/web']],
    },
    {
      name: "this user's and the system's, by the UUID",
      found: [alike('docker'), alike('podman', { authority: 'user' })],
      want: [['docker/web'], ['podman/web']],
    },
    {
      name: "this user's and the system's, by name and CID",
      found: [
        alike('libvirt', { uuid: undefined, cid: 3 }),
        alike('qemu', { uuid: undefined, cid: 3, authority: 'user' }),
      ],
      want: [['libvirt/web'], ['qemu/web']],
    },
    {
      name: "this user's process that the system's machined knows",
      found: [
        alike('machined', { uuid: undefined, pid: 5 }),
        alike('qemu', { uuid: undefined, pid: 5, authority: 'user' }),
      ],
      want: [['machined/web', 'qemu/web']],
    },
    {
      name: 'two processes with the UUID of one domain, which machined knows too',
      found: [
        alike('libvirt'),
        alike('machined', { pid: 5 }),
        alike('qemu', { pid: 5, target: 'qemu/1' }),
        alike('qemu', { pid: 6, target: 'qemu/2' }),
      ],
      want: [['libvirt/web', 'machined/web', 'qemu/1'], ['qemu/2']],
    },
    {
      name: "an export of the user's and a container of the system's",
      found: [
        alike('machined', { uuid: undefined }),
        alike('nspawn', { uuid: undefined, authority: 'user' }),
      ],
      want: [['machined/web'], ['nspawn/web']],
    },
  ])('are the same only if nobody else could say so: $name', ({ found, want }) => {
    const merged = mergeMachines(found);
    expect(merged.map(({ target, also }) => [target, ...also])).toEqual(want);
  });

  it('are those that comparing each pair finds', () => {
    const random = mulberry(1);
    const oneOf = <T>(...all: readonly T[]) => all[Math.floor(random() * all.length)] as T;
    for (let round = 0; round < 3000; round++) {
      const found = Array.from({ length: 12 }, (_, i) => {
        const uuid = oneOf(undefined, 'u', 'v');
        return machine(i, {
          name: oneOf('a', 'b'),
          target: `t${i}`,
          uuid,
          provider: oneOf('machined', 'nspawn', 'libvirt', 'qemu'),
          pid: oneOf(undefined, undefined, 1, 2),
          // One that gets its CID from another later comes after those that had it.
          cid: uuid === undefined ? oneOf(3, 4) : oneOf(undefined, 3, 4),
          status: oneOf('running', 'unknown'),
          authority: oneOf(undefined, undefined, 'user', 'other'),
        });
      });
      expect(mergeMachines(found)).toEqual(inPairs(found));
    }
  });
});

/** What is to come out, by a look at each pair. */
function inPairs(found: readonly DiscoveredMachine[]) {
  const merged: { machine: DiscoveredMachine; also: readonly string[] }[] = [];
  // What each provider has once only.
  const isOwn = (machine: DiscoveredMachine, same: (each: DiscoveredMachine) => boolean) =>
    found.filter((each) => each.provider === machine.provider && each.authority !== 'other' && same(each))
      .length < 2;
  for (const each of found) {
    const known = merged.find(({ machine }) => isSame(machine, each, isOwn));
    if (!known) {
      merged.push({ machine: each, also: [] });
      continue;
    }
    const own = isOwn(each, (other) => hasUuid(other, each)) ? each.uuid : undefined;
    const { cid = each.cid, uuid = own, pid = each.pid, status } = known.machine;
    known.machine = { ...known.machine, cid, uuid, pid, status: status === 'unknown' ? each.status : status };
    known.also = [...known.also, each.target];
  }
  return merged.map(({ machine, also }) => ({ ...machine, also }));
}

function hasUuid(a: DiscoveredMachine, b: DiscoveredMachine): boolean {
  return a.authority === b.authority && a.uuid === b.uuid;
}

function isSame(
  a: DiscoveredMachine,
  b: DiscoveredMachine,
  isOwn: (machine: DiscoveredMachine, same: (each: DiscoveredMachine) => boolean) => boolean,
): boolean {
  const isBy = (same: (one: DiscoveredMachine, other: DiscoveredMachine) => boolean) =>
    same(a, b) && [a, b].every((machine) => isOwn(machine, (each) => same(each, machine)));
  if (a.provider === b.provider || a.authority === 'other' || b.authority === 'other') return false;
  if (a.pid !== undefined && isBy((one, other) => one.pid === other.pid)) return true;
  if (a.uuid !== undefined && b.uuid !== undefined) return isBy(hasUuid);
  if (a.authority !== b.authority) return false;
  const byName = (one: DiscoveredMachine, other: DiscoveredMachine) =>
    one.name === other.name && one.authority === other.authority;
  if (a.provider === 'machined' && b.provider === 'nspawn' && isBy(byName)) return true;
  return a.cid !== undefined && isBy((one, other) => byName(one, other) && one.cid === other.cid);
}

/** Numbers from 0 to 1 that are the same each time. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
