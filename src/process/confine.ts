import type { Confinement } from 'node-hvsock-native';
import { type AddonState, loadAddon } from '../native.js';

/**
 * From here on this process starts no program and writes no file: the kernel refuses what `profile` does not need (decision 19). For what
 * parses the bytes of others. Only the executable on Linux does it, and VMSSH_NO_SANDBOX turns it off; else nothing changes.
 */
export function confine(
  profile: Confinement,
  env: Readonly<Record<string, string | undefined>>,
  native: () => AddonState = loadAddon,
): void {
  if (!env.VMSSH_NO_SANDBOX) native().addon?.confine(profile);
}
