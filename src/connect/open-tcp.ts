import { now } from '../clock.js';
import { type LookupOptions, lookupHost } from './lookup.js';

/** Opens one address, within that many milliseconds. */
export type OpenAddress<T> = (address: string, timeoutMs: number) => Promise<T>;

/**
 * Opens the first address of a host that answers, in the resolver's order: a name may have one that leads nowhere, and a
 * server that listens on another. Each has an equal share of the time that is left. Rejects as the first one did, or as
 * one where somebody refused.
 */
export async function openTcp<T>(
  host: string,
  options: LookupOptions,
  open: OpenAddress<T>,
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
      if (failure === undefined || isRefusal(error)) failure = error;
    }
  }
  options.signal?.throwIfAborted();
  throw failure;
}

function isRefusal(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNREFUSED' || code === 'WSAECONNREFUSED';
}
