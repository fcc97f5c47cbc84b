import type { Confinement } from 'node-hvsock-native';
import { type AddonState, loadAddon } from '../native.js';
import { isCompiled } from '../runtime.js';

/**
 * From here on this process starts no program, and writes no file but with "write": the kernel refuses what `profile` does not need
 * (decision 19). For what parses the bytes of others. Only the executable on Linux does it, and VMSSH_NO_SANDBOX turns it off; else nothing changes.
 */
export function confine(
  profile: Confinement,
  env: Readonly<Record<string, string | undefined>>,
  native: () => AddonState = loadAddon,
  compiled = isCompiled,
): void {
  if (compiled && !env.VMSSH_NO_SANDBOX) native().addon?.confine(profile);
}
