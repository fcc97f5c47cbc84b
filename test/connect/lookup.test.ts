import { describe, expect, it } from 'vitest';
import { lookupHost } from '../../src/connect/lookup.js';

const never = () => new Promise<never>(() => {});

describe('lookupHost', () => {
  it.each(['192.0.2.1', '2001:db8::1'])('looks up nothing for %s', async (address) => {
    expect(await lookupHost(address, { timeoutMs: 1 }, () => expect.unreachable())).toEqual([address]);
  });

  it('gives each address once, in their order', async () => {
    const found = ['2001:db8::1', '192.0.2.7', '2001:db8::1'].map((address) => ({ address }));
    const lookup = async (host: string) => (host === 'web' ? found : []);
    expect(await lookupHost('web', { timeoutMs: 20_000 }, lookup)).toEqual(['2001:db8::1', '192.0.2.7']);
  });

  it("rejects with the resolver's code", async () => {
    const lookup = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    await expect(lookupHost('web', { timeoutMs: 20_000 }, lookup)).rejects.toMatchObject({
      code: 'ENOTFOUND',
    });
  });

  it('does not wait longer than it may', async () => {
    await expect(lookupHost('web', { timeoutMs: 1 }, never)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('does not wait after an abort', async () => {
    const abort = new AbortController();
    const lookup = () => {
      queueMicrotask(() => abort.abort(new Error('enough')));
      return never();
    };
    const options = { timeoutMs: 20_000, signal: abort.signal };
    await expect(lookupHost('web', options, lookup)).rejects.toThrow('enough');
    await expect(lookupHost('web', options, () => expect.unreachable())).rejects.toThrow('enough');
  });
});
