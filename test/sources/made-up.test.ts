import { describe, expect, it } from 'vitest';
import { kinds, resolveTarget } from '../../src/kinds/kinds.js';
import { managed } from '../../src/kinds/machines.js';
import { resolveShortName } from '../../src/reach/short-name.js';
import { listAll } from '../../src/sources/list-all.js';
import { searchSource } from '../../src/sources/search.js';
import { type DiscoveredMachine, DiscoveryError, type Source } from '../../src/sources/source.js';
import { loadSources, type SourceEntry } from '../../src/sources/sources.js';
import { at } from './resolved.js';

const providers = await loadSources();

const uuid = '11111111-2222-4333-8444-555555555555';
const found: readonly DiscoveredMachine[] = [
  { name: 'Web 1', target: 'lima/Web 1', status: 'running', provider: 'bhyve', uuid, ...at('vsock/7') },
  { name: 'db', target: 'lima/db', status: 'off', provider: 'bhyve' },
];
/** All that a new provider needs: one record, and a line. */
const bhyve: Source = {
  name: 'bhyve',
  title: 'bhyve',
  listCommand: 'bhyvectl list',
  start: ({ name: machine }) => ({ machine, command: ['bhyvectl', 'start', machine] }),
  list: async () => ({ found, warnings: [] }),
};
const line: SourceEntry & { readonly name: 'bhyve' } = {
  name: 'bhyve',
  platforms: ['linux'],
  machines: 'a machine of bhyve',
  load: async () => bhyve,
};
const deps = { env: {} };

describe('a provider that is one record', () => {
  it('finds a machine, or lists the others', async () => {
    const one = { outcome: 'found', machine: { name: 'Web 1' } };
    expect(await searchSource(bhyve, 'web-1', deps)).toMatchObject(one);
    const none = { outcome: 'unknown', known: ['Web 1', 'db'] };
    expect(await searchSource(bhyve, 'x', deps)).toMatchObject(none);
  });

  it('is asked only for a name', async () => {
    const here = { env: {}, platform: 'linux' } as const;
    const { machine, text } = await resolveShortName('web-1', here, listAll, async () => [bhyve]);
    expect({ text, machine }).toMatchObject({ text: 'lima/Web 1', machine: { uuid } });
  });

  it('gives a warning if it fails', async () => {
    const failing = { ...bhyve, list: () => Promise.reject(new DiscoveryError('FAILED', 'no')) };
    const warning = { provider: 'bhyve', code: 'FAILED', problem: 'no' };
    expect(await listAll(deps, [failing])).toEqual({ machines: [], warnings: [warning] });
    expect(await searchSource(failing, 'x', deps)).toMatchObject({ outcome: 'unavailable', problem: 'no' });
  });

  it('has a kind by its name, with its commands for hints', async () => {
    const table = [...kinds, managed(line)];
    const resolve = (name: string) => {
      const options = { text: `bhyve/${name}`, port: 22, env: {}, platform: 'linux' } as const;
      return resolveTarget({ kind: 'bhyve', name } as { kind: string }, options, table);
    };
    const endpoint = { family: 'vsock', cid: 7, port: 22 };
    expect(await resolve('web-1')).toMatchObject({ routes: [{ endpoint }] });
    await expect(resolve('db')).rejects.toMatchObject({ code: 'NOT_FOUND', hint: 'bhyvectl start db' });
    await expect(resolve('x')).rejects.toMatchObject({ code: 'NOT_FOUND', hint: 'bhyvectl list' });
  });
});

describe('every provider', () => {
  it('has a kind that it lists machines for, or addresses only', () => {
    const names = providers.map(({ name }) => name);
    const asked = new Set(kinds.flatMap((kind) => kind.sources.map(({ name }) => name)));
    expect([...asked].filter((name) => !names.includes(name))).toEqual([]);
    expect(names.filter((name) => !asked.has(name))).toEqual(['crosvm', 'kvm']);
  });
});
