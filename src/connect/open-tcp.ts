import { now } from '../clock.js';
import { type LookupOptions, lookupHost } from './lookup.js';

/** Opens one address within some milliseconds. */
export type OpenAddress<T> = (address: string, timeoutMs: number) => Promise<T>;

/**
 * Opens the first address of a host that answers, in the resolver's order: a server may listen on only one of them. Each
 * gets an equal share of the remaining time. Rejects with the first error, or with a refusal if there was one.
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
