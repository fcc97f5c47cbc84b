import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Interruption } from '../interruption.js';

export interface LookupOptions {
  readonly timeoutMs: number;
  readonly signal?: Interruption | undefined;
}

/**
 * The addresses of a host name, in the resolver's order; an address returns itself. Rejects with ENOTFOUND, EAI_AGAIN or
 * ETIMEDOUT, or with the signal's reason: the system's resolver cannot be cancelled, so a late answer is ignored.
 */
export async function lookupHost(
  host: string,
  { timeoutMs, signal }: LookupOptions,
  lookup: (host: string) => Promise<readonly { address: string }[]> = (name) =>
    systemLookup(name, { all: true }),
): Promise<readonly string[]> {
  if (isIP(host)) return [host];
  signal?.throwIfAborted();
  let end = () => {};
  const ended = new Promise<never>((_, reject) => {
    const abort = () => reject(signal?.reason);
    const late = () => reject(Object.assign(new Error('lookup: timed out'), { code: 'ETIMEDOUT' }));
    const timer = setTimeout(late, timeoutMs);
    signal?.addEventListener('abort', abort);
    end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
  });
  try {
    const found = await Promise.race([lookup(host), ended]);
    return [...new Set(found.map(({ address }) => address))];
  } finally {
    end();
  }
}
