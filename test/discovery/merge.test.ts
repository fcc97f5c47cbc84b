import { describe, expect, it } from 'vitest';
import { mergeMachines } from '../../src/discovery/merge.js';
import type { DiscoveredMachine } from '../../src/discovery/provider.js';

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
    {
      name: 'known by name and CID',
      second: (i) => other(i, { uuid: undefined, cid: i + 3 }),
      want: many,
    },
  ])('are merged, however many they are: $name', ({ second, want }) => {
    const first = numbers.map((i) => machine(i, { pid: i, cid: i + 3 }));
    expect(mergeMachines([...first, ...numbers.map(second)])).toHaveLength(want);
  });

  it('have the address that a later one knows', () => {
    const known = other(1, { target: 'qemu/m1' });
    const process = machine(1, { provider: 'qemu', target: 'qemu/m1', cid: 9, address: 'vsock/9' });
    expect(mergeMachines([known, process])).toEqual([{ ...known, cid: 9, address: 'vsock/9', also: [] }]);
    const first = { ...known, address: 'vsock/8' };
    expect(mergeMachines([first, process])).toMatchObject([{ address: 'vsock/8' }]);
  });

  it('with the same name and CID are distinguished by UUID', () => {
    const alike = { name: 'a', cid: 3 };
    const first = numbers.map((i) => machine(i, alike));
    const second = numbers.map((i) => other(i + many, alike));
    const third = numbers.map((i) =>
      machine(i, { ...alike, uuid: undefined, provider: 'qemu', target: `t${i}` }),
    );
    const merged = mergeMachines([...first, ...second, ...third]);
    expect(merged).toHaveLength(2 * many);
    expect(merged[0]?.also).toHaveLength(many);
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
        });
      });
      expect(mergeMachines(found)).toEqual(inPairs(found));
    }
  });
});

/** What is to come out, by a look at each pair. */
function inPairs(found: readonly DiscoveredMachine[]) {
  const merged: { machine: DiscoveredMachine; also: readonly string[] }[] = [];
  for (const each of found) {
    const known = merged.find(({ machine }) => isSame(machine, each));
    if (!known) {
      merged.push({ machine: each, also: [] });
      continue;
    }
    const { cid = each.cid, uuid = each.uuid, pid = each.pid, status } = known.machine;
    known.machine = { ...known.machine, cid, uuid, pid, status: status === 'unknown' ? each.status : status };
    known.also = [...known.also, each.target];
  }
  return merged.map(({ machine, also }) => ({ ...machine, also }));
}

function isSame(a: DiscoveredMachine, b: DiscoveredMachine): boolean {
  if (a.provider === b.provider) return false;
  if (a.pid !== undefined && a.pid === b.pid) return true;
  if (a.uuid !== undefined && b.uuid !== undefined) return a.uuid === b.uuid;
  if (a.provider === 'machined' && b.provider === 'nspawn') return a.name === b.name;
  return a.name === b.name && a.cid !== undefined && a.cid === b.cid;
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
