import { type Addon, type Confinement, load } from 'node-hvsock-native';
import { type Env, isCompiled } from './runtime.js';

export type AddonState = { readonly addon: Addon } | { readonly addon?: never; readonly missing: Error };

/** Loads the addon once; a failure is a value, since unix sockets work without it. */
export function loadAddon(): AddonState {
  state ??= attempt(() => load());
  return state;
}

let state: AddonState | undefined;

/**
 * From here on this process starts no program, and writes no file but with "write": the kernel refuses what `profile` does not need
 * (decision 19). For what parses the bytes of others. Only the executable on Linux does it, and VMSSH_NO_SANDBOX turns it off; else nothing changes.
 */
export function confine(
  profile: Confinement,
  env: Env,
  native: () => AddonState = loadAddon,
  compiled = isCompiled,
): void {
  if (compiled && !env.VMSSH_NO_SANDBOX) native().addon?.confine(profile);
}

/** Whether the engine found no memory: it throws null, an error without a message, or with another one, if there is none for these either. */
export function isOutOfMemory(error: unknown): boolean {
  if (error === null) return true;
  const { name, message } = error instanceof Error ? error : { name: '', message: '' };
  return (
    message === 'out of memory' || (name === 'InternalError' && /^(Invalid error message)?$/.test(message))
  );
}

/** The result of loading it, with the loader's reason on one line. */
export function attempt(load: () => Addon): AddonState {
  try {
    return { addon: load() };
  } catch (error) {
    if (isOutOfMemory(error)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    return { missing: new Error(message.replaceAll(/\s*\n\s*/g, ' '), { cause: error }) };
  }
}
