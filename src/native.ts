import { type Addon, load } from 'node-hvsock-native';

/** The addon, or the reason why there is none. */
export type AddonState = { readonly addon: Addon } | { readonly addon?: never; readonly missing: Error };

/** Loads the addon once; a failure is a value, since unix sockets work without it. */
export function loadAddon(): AddonState {
  state ??= attempt();
  return state;
}

let state: AddonState | undefined;

function attempt(): AddonState {
  try {
    return { addon: load() };
  } catch (error) {
    return { missing: error instanceof Error ? error : new Error(String(error)) };
  }
}
