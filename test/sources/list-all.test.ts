import { describe, expect, it } from 'vitest';
import { listAll, providerLimitMs } from '../../src/sources/list-all.js';
import { mergeMachines } from '../../src/sources/merge.js';
import { match } from '../../src/sources/search.js';
import type { DiscoveredMachine, Source } from '../../src/sources/source.js';
import { loadSources, type SourceEntry, sources } from '../../src/sources/sources.js';
import { slug } from '../../src/typed/names.js';
import { at } from './resolved.js';

const entries: readonly SourceEntry[] = sources;

const providers = await loadSources(entries.filter(({ isOnlyNamed }) => !isOnlyNamed));

const found = (fields: Partial<DiscoveredMachine>): DiscoveredMachine => ({
  ...{ name: 'a', target: 't/a', status: 'running', provider: 'p' },
  ...fields,
});
const provider = (name: string, list: Source['list']): Source => ({ name, title: name, list });
const of = (name: string, ...machines: Partial<DiscoveredMachine>[]) =>
  provider(name, async () => {
    return { found: machines.map((each) => found({ provider: name, ...each })), warnings: [] };
  });

describe('all machines', () => {
  it('of several providers come in their order, with their warnings', async () => {
    const warning = { provider: 'x', code: 'EACCES', problem: 'no' };
    const all = await listAll({ env: {} }, [
      of('one', { name: 'b' }),
      provider('x', async () => ({ found: [], warnings: [warning] })),
      of('two', { name: 'a' }),
    ]);
    expect(all.machines.map(({ name }) => name)).toEqual(['b', 'a']);
    expect(all.warnings).toEqual([warning]);
  });

  it('come without those of a provider that is slow or throws, and a warning instead', async () => {
    let aborted = false;
    const slow = provider('slow', ({ signal }) => {
      signal?.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    const broken = provider('broken', () => Promise.reject(new TypeError('x is not a function')));
    const same = provider('same', () => Promise.reject(new TypeError('same: its program has its name')));
    const all = await listAll({ env: {} }, [slow, broken, same, of('good', {})], 30);
    expect(all.machines).toHaveLength(1);
    expect(all.warnings).toEqual([
      { provider: 'slow', code: 'TIMEOUT', problem: 'did not answer within 0.03 s' },
      { provider: 'broken', code: 'EIO', problem: 'x is not a function' },
      { provider: 'same', code: 'EIO', problem: 'its program has its name' },
    ]);
    expect(aborted).toBe(true);
  });

  it('come without those with endless texts, and a warning for each provider instead', async () => {
    const long = 'x'.repeat(1e6);
    const all = await listAll({ env: {} }, [
      of('one', { name: long }, { name: long }, { name: 'x'.repeat(256), target: 'one/x' }),
      of('two', at(long), { name: 'b', target: 'two/b' }),
    ]);
    expect(all.machines.map(({ target }) => target)).toEqual(['one/x', 'two/b']);
    const problem = 'left out: a machine with a name of over 256 characters, or another text of over 4096';
    expect(all.warnings).toEqual(['one', 'two'].map((provider) => ({ provider, code: 'TOO_LONG', problem })));
  });

  it.each([
    ['web', undefined, 'x'],
    ['WEB', undefined, 'x'],
    ['mint', undefined, 'web'],
    ['web', 'other', 'web'],
  ] as const)(
    'leave $0 to a VM, $1, of that name: a container for this folder is $2',
    async (name, authority, want) => {
      const container = { id: 'c'.repeat(64), labels: {}, ownName: 'x' };
      const all = await listAll({ env: {} }, [
        of('docker', { name: 'web', target: 'docker/x', container }),
        of('vm', { name, authority }),
      ]);
      expect(all.machines.map((each) => each.name)).toEqual([want, name]);
    },
  );

  it('are not listed after Ctrl-C', async () => {
    const abort = new AbortController();
    abort.abort(new Error('enough'));
    const asked = provider('x', ({ signal }) => Promise.reject(signal?.reason));
    await expect(listAll({ env: {}, signal: abort.signal }, [asked])).rejects.toThrow('enough');
  });

  it.each<{ name: string; second: Partial<DiscoveredMachine>; warns: boolean }>([
    { name: 'a warning', second: { target: 't/b' }, warns: true },
    { name: 'no warning if one is off', second: { status: 'off' }, warns: false },
    { name: 'no warning if a user-space daemon has one', second: at('vsock-mux/run/x'), warns: false },
  ])('that share a CID: $name', async ({ second, warns }) => {
    const both = [of('one', { cid: 3 }), of('two', { name: 'b', cid: 3, ...second })];
    const { warnings } = await listAll({ env: {} }, both);
    const problem = 'CID 3 is claimed by t/a, t/b: vmssh reaches none of them by it';
    expect(warnings).toEqual(warns ? [{ provider: 'one', code: 'ADDRESS_TWICE', problem }] : []);
  });

  it('have longer if a service may have to start first, and no others have', () => {
    const longer = providers.filter(({ limitMs = 0 }) => limitMs > providerLimitMs);
    const services = ['hyper-v', 'wsl', 'libvirt', 'incus', 'podman', 'docker'];
    expect(longer.map(({ name }) => name)).toEqual(services);
  });

  it('have providers of different names', () => {
    expect(new Set(providers.map(({ name }) => name)).size).toBe(providers.length);
  });
});

describe('one machine of two providers', () => {
  const other = { provider: 'q', target: 'u/a' };
  it.each<{ name: string; pair: [Partial<DiscoveredMachine>, Partial<DiscoveredMachine>]; want: number }>([
    { name: 'its UUID', pair: [{ uuid: 'u' }, { ...other, name: 'qemu-1-a', uuid: 'u' }], want: 1 },
    {
      name: 'its process',
      pair: [
        { pid: 7, uuid: 'u' },
        { ...other, name: 'b', pid: 7, uuid: 'v' },
      ],
      want: 1,
    },
    { name: 'its name and CID', pair: [{ cid: 3 }, { ...other, cid: 3 }], want: 1 },
    { name: 'its export', pair: [{ provider: 'machined' }, { ...other, provider: 'nspawn' }], want: 1 },
    { name: 'not only its name', pair: [{}, other], want: 2 },
    { name: 'not only its CID', pair: [{ cid: 3 }, { ...other, name: 'b', cid: 3 }], want: 2 },
    {
      name: 'not another UUID',
      pair: [
        { uuid: 'u', cid: 3 },
        { ...other, uuid: 'v', cid: 3 },
      ],
      want: 2,
    },
    { name: 'not within one provider', pair: [{ uuid: 'u' }, { uuid: 'u' }], want: 2 },
  ])('is known by $name', ({ pair, want }) => {
    expect(mergeMachines(pair.map(found))).toHaveLength(want);
  });

  it('has what both know, and both targets', () => {
    const [machine] = mergeMachines([
      found({ uuid: 'u', status: 'unknown' }),
      found({ ...other, uuid: 'u', cid: 3, pid: 7 }),
    ]);
    expect(machine).toMatchObject({
      target: 't/a',
      also: ['u/a'],
      uuid: 'u',
      cid: 3,
      pid: 7,
      status: 'running',
    });
  });
});

describe('a name', () => {
  const uuid = '11111111-2222-4333-8444-555555555555';
  const machines = [
    found({ name: 'Mint 22' }),
    found({ name: 'web', uuid }),
    found({ name: 'WEB' }),
    found({ name: 'x', target: 'u/x' }),
    found({ name: 'x' }),
  ];
  it.each([
    { input: 'web', want: ['web'] },
    { input: 'Web', want: ['web', 'WEB'] },
    { input: 'Mint-22', want: ['Mint 22'] },
    { input: 'mint-22', want: ['Mint 22'] },
    { input: uuid, want: ['web'] },
    { input: uuid.replaceAll('-', ''), want: ['web'] },
    { input: `{${uuid}}`, want: ['web'] },
    { input: 'x', want: ['x', 'x'] },
    { input: 'y', want: [] },
  ])('$input means $want', ({ input, want }) => {
    expect(match(input, machines).map(({ name }) => name)).toEqual(want);
  });

  it.each([
    { input: 'mint', want: 'mint' },
    { input: 'Mint 22 (old)', want: 'Mint-22-old' },
    { input: "a'b;c`d$e", want: 'a-b-c-d-e' },
    { input: '-x', want: 'x' },
    { input: '../../etc', want: 'etc' },
    { input: '*', want: '' },
    { input: 'Größe 虚拟', want: 'Größe-虚拟' },
    { input: 'a%h', want: 'a-h' },
  ])('$input is typed as $want', ({ input, want }) => expect(slug(input)).toBe(want));
});
