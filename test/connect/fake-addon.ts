import type { Addon, Address, Handle } from 'node-hvsock-native';
import type { AddonState } from '../../src/base/native.js';

export interface FakeAddon {
  readonly native: () => AddonState;
  /** What `connect` was called with. */
  readonly connects: readonly { readonly address: Address; readonly timeoutMs: number }[];
  /** What was done with the handles, and to which work. */
  readonly calls: readonly string[];
}

/**
 * An addon whose `connect` gives a handle, an error with a code, or nothing until it is cancelled ("pending"). It calls
 * `onConnect` first.
 */
export function fakeAddon(
  outcome: { code: string | undefined } | 'handle' | 'pending' = 'handle',
  onConnect: () => void = () => {},
): FakeAddon {
  const connects: { address: Address; timeoutMs: number }[] = [];
  const calls: string[] = [];
  const connect: Addon['connect'] = (address, timeoutMs) => {
    connects.push({ address, timeoutMs });
    onConnect();
    let cancel = () => {};
    const promise = new Promise<Handle>((resolve, reject) => {
      if (outcome === 'handle') return resolve(handle);
      if (outcome !== 'pending') return reject(Object.assign(new Error('below'), outcome));
      cancel = () => {
        calls.push('cancel');
        reject(Object.assign(new Error('canceled'), { code: 'ECANCELED' }));
      };
    });
    return { promise, cancel: () => cancel() };
  };
  const hyperVRights = () => ({ elevated: false, hyperVAdministrator: false });
  const addon = { connect, hyperVRights, close: () => calls.push('close') } as unknown as Addon;
  return { native: () => ({ addon }), connects, calls };
}

const handle = {} as Handle;
