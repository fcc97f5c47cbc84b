import { type Addon, load } from 'node-hvsock-native';
import { executableFolder } from './runtime.js';

/** The addon, or the reason why there is none. */
export type AddonState = { readonly addon: Addon } | { readonly addon?: never; readonly missing: Error };

/** Loads the addon once; a failure is a value, since unix sockets work without it. */
export function loadAddon(): AddonState {
  state ??= attempt(() => load(executableFolder));
  return state;
}

let state: AddonState | undefined;

/** What came of loading it; the reason is one line, whatever the loader's is. */
export function attempt(load: () => Addon): AddonState {
  try {
    return { addon: load() };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { missing: new Error(message.replaceAll(/\s*\n\s*/g, ' '), { cause: error }) };
  }
}
