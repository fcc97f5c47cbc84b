import { describe, expect, it } from 'vitest';
import { formatJson } from '../../src/cli/json.js';
import { styles } from '../../src/cli/terminal.js';
import { machineCandidates } from '../../src/commands/completion/complete.js';
import { inventoryOf } from '../../src/commands/inventory/inventory.js';
import { formatTable } from '../../src/commands/list/format.js';
import { listJson } from '../../src/commands/list/output.js';
import { concreteHosts } from '../../src/hosts/hosts.js';
import { toHyperVMachines } from '../../src/sources/hyper-v/source.js';
import { discoveredDomains as libvirtFound } from '../../src/sources/libvirt/source.js';
import { listAll, sharedCids } from '../../src/sources/list-all.js';
import { incus, parseInstances } from '../../src/sources/managers/incus.js';
import { mergeMachines } from '../../src/sources/merge.js';
import { match } from '../../src/sources/search.js';
import type { DiscoveredMachine, Source } from '../../src/sources/source.js';
import { slug } from '../../src/typed/names.js';
import type { Guid } from '../../src/typed/numbers.js';

// What takes a step for each pair of so many takes minutes.
const many = 100_000;
const numbers = Array.from({ length: many }, (_, i) => i);
const uuidOf = (i: number) => `${i.toString(16).padStart(8, '0')}-2222-4333-8444-555555555555`;
const machine = (i: number, more: Partial<DiscoveredMachine> = {}): DiscoveredMachine => ({
  name: `m${i}`,
  target: `incus/m${i}`,
  status: 'running',
  provider: 'incus',
  uuid: uuidOf(i),
  ...more,
});
const listed = mergeMachines(numbers.map((i) => machine(i)));
const options = { prefix: '', taken: () => undefined, knownHosts: '~/k' };
const { hosts, entries } = concreteHosts(listed, options);

describe('so many machines', () => {
  it('are read from Incus', () => {
    const metadata = numbers.map((i) => ({ name: `m${i}`, status: 'Running' }));
    expect(parseInstances({ metadata }).at(-1)).toMatchObject({ target: `incus/m${many - 1}` });
  });

  it('are domains of libvirt', () => {
    const domain = { status: 'off', scope: 'system' } as const;
    const domains = numbers.map((i) => ({ ...domain, name: `m${i}`, uuid: uuidOf(i) }));
    expect(libvirtFound(domains).at(-1)?.target).toBe(`qemu/m${many - 1}`);
  });

  it('are Hyper-V machines', () => {
    const machines = numbers.map((i) => ({ id: uuidOf(i) as Guid, name: `m ${i}`, status: 'off' as const }));
    expect(toHyperVMachines(machines).at(-1)?.target).toBe(`hyper-v/m-${many - 1}`);
  });

  it('have all one CID', async () => {
    const found = numbers.map((i) => machine(i, { cid: 3 }));
    const provider: Source = { ...incus, list: async () => ({ found, warnings: [] }) };
    const { warnings } = await listAll({ env: {} }, [provider], 60_000);
    expect(warnings).toMatchObject([{ code: 'ADDRESS_TWICE' }]);
    expect(warnings[0]?.problem.length).toBeLessThan(500);
    expect(sharedCids(found).get(3)).toHaveLength(many);
  });

  it('are meant by one name that differs in case', () => {
    const variant = (i: number) =>
      [...'abcdefghijklmnopq'].map((c, at) => ((i >> at) & 1 ? c.toUpperCase() : c)).join('');
    const found = numbers.map((i) => machine(i, { name: variant(i) }));
    expect(match('ABCDEFGHIJKLMNOPQ', found)).toHaveLength(many);
    expect(machineCandidates(mergeMachines(found), true)).toHaveLength(many);
  });

  it('get a Host each, and none if they share a name', () => {
    expect(hosts).toHaveLength(many);
    const twins = listed.map((each) => ({ ...each, name: 'twin' }));
    expect(concreteHosts(twins, options).left).toHaveLength(many);
    const some = { ...options, kept: entries.slice(0, 1000) };
    expect(concreteHosts(listed.slice(0, 1000), some).entries).toHaveLength(1000);
  });

  it('are printed as a table', async () => {
    const io = { env: {}, terminal: { stdin: false, stdout: true, stderr: false } };
    const looks = { wide: true, style: await styles(io, 'stdout'), terminal: true, names: new Map() };
    expect(formatTable(listed, looks).split('\n')).toHaveLength(many + 2);
  });

  it('are printed as JSON', async () => {
    const json = formatJson(await listJson(listed, new Map(), { warnings: [], errors: [] }, 0));
    expect(json).toContain(`"incus/m${many - 1}"`);
  });

  it('are an inventory', () => {
    const named = hosts.flatMap((host, at) => (listed[at] ? [{ machine: listed[at], host }] : []));
    const { host_localhost, _meta } = inventoryOf(named, { program: ['/opt/vmssh'], fdpass: true });
    expect(host_localhost?.hosts).toHaveLength(many);
    expect(Object.keys(_meta.hostvars)).toHaveLength(many);
  });

  it('have names as long as that', () => {
    expect(slug(`a${'-'.repeat(many)}a`)).toHaveLength(many + 2);
    expect(slug(`${'-.'.repeat(many)}a${'-'.repeat(many)}`)).toBe('a');
  });
});
