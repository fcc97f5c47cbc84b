import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { before, now } from '../base/runtime.js';
import type { OpenOptions } from './connection.js';

/** Opens the first address that answers, in the resolver's order; each gets an equal share of the time. Rejects with a refusal, or the first error. */
export async function openTcp<T>(
  host: string,
  options: OpenOptions,
  open: (address: string, timeoutMs: number) => Promise<T>,
  find: typeof lookupHost = lookupHost,
): Promise<T> {
  const deadline = now() + options.timeoutMs;
  const addresses = await find(host, options);
  let failure: unknown;
  for (const [i, address] of addresses.entries()) {
    options.signal?.throwIfAborted();
    try {
      return await open(address, Math.max(1, Math.ceil((deadline - now()) / (addresses.length - i))));
    } catch (error) {
      const isRefusal = ['ECONNREFUSED', 'WSAECONNREFUSED'].includes((error as { code?: string }).code ?? '');
      if (failure === undefined || isRefusal) failure = error;
    }
  }
  options.signal?.throwIfAborted();
  throw failure;
}

/** A host's addresses in the resolver's order. Rejects with ENOTFOUND, EAI_AGAIN, ETIMEDOUT or the signal's reason; a late answer is ignored. */
export async function lookupHost(
  host: string,
  { timeoutMs, signal }: OpenOptions,
  lookup: (host: string) => Promise<readonly { address: string }[]> = (name) =>
    systemLookup(name, { all: true }),
): Promise<readonly string[]> {
  if (isIP(host)) return [host];
  signal?.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort);
  });
  try {
    const addresses = await Promise.race([before(lookup(host), now() + timeoutMs), aborted]);
    if (!addresses) throw Object.assign(new Error('lookup: timed out'), { code: 'ETIMEDOUT' });
    return [...new Set(addresses.map(({ address }) => address))];
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
