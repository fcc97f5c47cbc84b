import { type AddonState, loadAddon } from '../../src/base/native.js';
import type { Endpoint } from '../../src/typed/route.js';
import { missingAddon } from '../helpers/addon.js';

const missing = missingAddon();

/** What opens a socket: the addon, or Node. Without the addon the first is skipped, and its name says why. */
export const openers: readonly { how: string; skip: boolean; native: () => AddonState }[] = [
  {
    how: missing === undefined ? 'by the addon' : `by the addon (skipped: ${missing})`,
    skip: missing !== undefined,
    native: kept(loadAddon),
  },
  { how: 'by Node', skip: false, native: () => ({ missing: new Error('left out') }) },
];

/** No test may open AF_VSOCK on the machine it runs on. */
function kept(native: () => AddonState): () => AddonState {
  const { addon, ...rest } = native();
  if (!addon) return native;
  const connect: typeof addon.connect = (address, timeoutMs) => {
    if (address.family === 'vsock') throw new Error('a test would open AF_VSOCK for real');
    return addon.connect(address, timeoutMs);
  };
  return () => ({ ...rest, addon: { ...addon, connect } });
}

export const unix = (path: string): Endpoint => ({ family: 'unix', path });
export const mux = (path: string, port = 22): Endpoint => ({ family: 'vsock-mux', path, port });
