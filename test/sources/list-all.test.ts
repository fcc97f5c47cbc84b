import { describe, expect, it } from 'vitest';
import { listAll, sourceLimitMs } from '../../src/sources/list-all.js';
import type { DiscoveredMachine, Source } from '../../src/sources/source.js';
import { loadSources, type SourceEntry, sources } from '../../src/sources/sources.js';
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

  it('have longer if a service may have to start first, and no others have', () => {
    const longer = providers.filter(({ limitMs = 0 }) => limitMs > sourceLimitMs);
    const services = ['hyper-v', 'wsl', 'libvirt', 'incus', 'podman', 'docker'];
    expect(longer.map(({ name }) => name)).toEqual(services);
  });
});
