import { describe, expect, it } from 'vitest';
import { lookupHost, openTcp } from '../../src/connect/open-tcp.js';

const hour = 3_600_000;
const failed = (code: string) => Object.assign(new Error(code), { code });

/** Opens a host with these addresses, each with its outcome. */
async function open(outcomes: Readonly<Record<string, string | undefined>>, signal?: AbortSignal) {
  const tried: { address: string; timeoutMs: number }[] = [];
  const result = await openTcp(
    'web',
    { timeoutMs: hour, signal },
    async (address, timeoutMs) => {
      tried.push({ address, timeoutMs });
      if (outcomes[address] === 'open') return `open ${address}`;
      throw failed(outcomes[address] ?? '');
    },
    async () => Object.keys(outcomes),
  ).catch((error) => error.code ?? error.message);
  return { result, tried };
}

describe('TCP by a host name', () => {
  it.each([
    { outcomes: { a: 'open', b: 'open' }, result: 'open a', tries: ['a'] },
    { outcomes: { a: 'ENETUNREACH', b: 'open' }, result: 'open b', tries: ['a', 'b'] },
    { outcomes: { a: 'ECONNREFUSED', b: 'ETIMEDOUT', c: 'open' }, result: 'open c', tries: ['a', 'b', 'c'] },
    { outcomes: { a: 'ENETUNREACH', b: 'ETIMEDOUT' }, result: 'ENETUNREACH', tries: ['a', 'b'] },
    { outcomes: { a: 'ENETUNREACH', b: 'ECONNREFUSED' }, result: 'ECONNREFUSED', tries: ['a', 'b'] },
    { outcomes: { a: 'ENETUNREACH', b: 'WSAECONNREFUSED' }, result: 'WSAECONNREFUSED', tries: ['a', 'b'] },
    { outcomes: { a: 'ECONNREFUSED', b: 'ENETUNREACH' }, result: 'ECONNREFUSED', tries: ['a', 'b'] },
  ])('takes $outcomes as $result', async ({ outcomes, result, tries }) => {
    const opened = await open(outcomes);
    expect(opened.result).toBe(result);
    expect(opened.tried.map(({ address }) => address)).toEqual(tries);
  });

  it('gives each address its share of the time', async () => {
    const { tried } = await open({ a: 'ETIMEDOUT', b: 'ETIMEDOUT', c: 'open' });
    const shares = tried.map(({ timeoutMs }) => timeoutMs);
    for (const [i, part] of [1 / 3, 1 / 2, 1].entries()) {
      expect(shares[i]).toBeLessThanOrEqual(hour * part);
      // What has passed of the hour is much less.
      expect(shares[i]).toBeGreaterThan(hour * part * 0.9);
    }
  });

  it('tries no other after an abort', async () => {
    const abort = new AbortController();
    const tried: string[] = [];
    const opening = openTcp(
      'web',
      { timeoutMs: 30_000, signal: abort.signal },
      async (address) => {
        tried.push(address);
        abort.abort(new Error('enough'));
        throw failed('ECANCELED');
      },
      async () => ['a', 'b'],
    );
    await expect(opening).rejects.toThrow('enough');
    expect(tried).toEqual(['a']);
  });
});

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
